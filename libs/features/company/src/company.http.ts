import { auditBy } from '@state-server/audit';
import { asCompanyId } from '@state-server/domain';
import { Controller, Delete, Get, Inject, Patch, Post, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import {
  decodeCursor,
  emptyAnswer,
  encodeCursor,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
  toBraneResource,
} from '@state-server/platform';
import { createdCompany, shownCompany, toCompanyResource } from './company-answers';
import { COMPANY_DEPS, type CompanyDeps } from './company-deps';
import { createCompany } from './create-company';
import { deleteCompany } from './delete-company';
import { getCompany, listCompanies } from './get-company';
import { listBranes } from './list-branes';
import { runCompany } from './run-company';
import { updateCompany } from './update-company';

/** REST for companies themselves; their people have doors of their own. */
@Controller('company')
export class CompanyHttp {
  constructor(@Inject(COMPANY_DEPS) private readonly deps: CompanyDeps) {}

  @Post()
  async create(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('company.create', request);
    const caller = callerOf(request);
    const { user_id } = caller;
    const answer = await runKeyed(
      this.deps,
      'company.create',
      request,
      { user_id, body },
      {
        authorise: () => Promise.resolve(),
        execute: async (claim) => {
          const made = await createCompany(this.deps, {
            ...{ user_id, name: body.name, brane_role: body.brane_role },
            id: body.id ?? asCompanyId(claim.newId('company')),
            from: auditBy(request, caller),
            also: (tx, seen) => claim.record(tx, createdCompany(seen), false),
          });
          return { answer: createdCompany(made), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('company.list', request);
    const { user_id } = callerOf(request);
    const list = `companies:${user_id}`;
    const [after] = decodeCursor(list, 1, query.cursor) ?? [];
    const { items, next } = await listCompanies(this.deps.store, {
      ...{ user_id, limit: query.limit },
      ...(after === undefined ? {} : { after: String(after) }),
    });
    const next_cursor = next === undefined ? null : encodeCursor(list, [next]);
    respond(reply, okAnswer({ items: items.map(toCompanyResource), next_cursor }));
  }

  @Get(':id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('company.get', request);
    const { user_id } = callerOf(request);
    respond(reply, shownCompany(await getCompany(this.deps.store, params.id, user_id)));
  }

  @Patch(':id')
  async update(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('company.update', request);
    await runCompany(
      this.deps,
      { route: 'company.update', company_id: params.id, action: 'company.configure', body },
      { request, reply },
      (writer) => updateCompany(this.deps, { ...writer, ...body }),
      shownCompany,
    );
  }

  @Delete(':id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('company.delete', request);
    await runCompany<undefined>(
      this.deps,
      // Who has deleted it may hear so again, though it is no more.
      { route: 'company.delete', company_id: params.id, action: undefined },
      { request, reply },
      (writer) => deleteCompany(this.deps, writer),
      () => emptyAnswer(),
    );
  }

  @Get(':id/branes')
  async branes(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('company.branes', request);
    const list = `company-branes:${params.id}`;
    const [after] = decodeCursor(list, 1, query.cursor) ?? [];
    const { items, next } = await listBranes(this.deps.store, {
      ...{ user_id: callerOf(request).user_id, company_id: params.id, limit: query.limit },
      ...(after === undefined ? {} : { after: String(after) }),
    });
    const branes = items.map(({ brane, head, role }) =>
      toBraneResource({ meta: brane, version: brane.version, head }, role),
    );
    const next_cursor = next === undefined ? null : encodeCursor(list, [next]);
    respond(reply, okAnswer({ items: branes, next_cursor }));
  }
}
