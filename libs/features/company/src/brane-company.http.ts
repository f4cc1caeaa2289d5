import { auditBy } from '@state-server/audit';
import { type BraneId, type CompanyId, roleIn } from '@state-server/domain';
import { Controller, Delete, Inject, Put, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import {
  type Answer,
  etagHeader,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
  stateSeqHeader,
  toBraneResource,
} from '@state-server/platform';
import type { RouteId } from '@state-server/protocol';
import { COMPANY_DEPS, type CompanyDeps } from './company-deps';
import { setBraneCompany } from './set-brane-company';

/** REST for which company a brane belongs to. */
@Controller('brane/:id/company')
export class BraneCompanyHttp {
  constructor(@Inject(COMPANY_DEPS) private readonly deps: CompanyDeps) {}

  @Put()
  async put(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('brane.set_company', request);
    await this.run('brane.set_company', request, reply, { id: params.id, to: body.company_id, body });
  }

  @Delete()
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('brane.leave_company', request);
    await this.run('brane.leave_company', request, reply, { id: params.id, to: null });
  }

  private async run(
    route: RouteId,
    request: RestRequest,
    reply: RestReply,
    asked: { readonly id: BraneId; readonly to: CompanyId | null; readonly body?: unknown },
  ): Promise<void> {
    const caller = callerOf(request);
    const { user_id } = caller;
    const encode = ({ view }: Awaited<ReturnType<typeof setBraneCompany>>): Answer =>
      okAnswer(toBraneResource(view, roleIn(view.meta, user_id) ?? 'guest'), {
        ...etagHeader(view.version),
        ...stateSeqHeader(view.head),
      });
    const answer = await runKeyed(
      this.deps,
      route,
      request,
      { user_id, body: asked.body },
      {
        authorise: () => Promise.resolve(),
        execute: async (claim) => {
          const done = await setBraneCompany(this.deps, {
            ...{ user_id, brane_id: asked.id, company_id: asked.to, op_id: claim.op_id },
            from: auditBy(request, caller),
            also: (tx, moved) => claim.record(tx, encode(moved), moved.replayed),
          });
          return { answer: encode(done), replayed: done.replayed };
        },
      },
    );
    respond(reply, answer);
  }
}
