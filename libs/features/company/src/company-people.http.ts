import { asUserId } from '@state-server/domain';
import { Controller, Delete, Get, Inject, Put, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import {
  decodeCursor,
  emptyAnswer,
  encodeCursor,
  okAnswer,
  page,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { COMPANY_DEPS, type CompanyDeps } from './company-deps';
import { getMember, listMembers } from './list-members';
import { removeMember } from './remove-member';
import { runCompany } from './run-company';
import { setMember } from './set-member';

/** REST for the members of a company. */
@Controller('company/:id/members')
export class CompanyPeopleHttp {
  constructor(@Inject(COMPANY_DEPS) private readonly deps: CompanyDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('company.members', request);
    const list = `company-members:${params.id}`;
    const [after] = decodeCursor(list, 1, query.cursor) ?? [];
    const found = await listMembers(this.deps.store, {
      ...{ user_id: callerOf(request).user_id, company_id: params.id, limit: query.limit },
      ...(after === undefined ? {} : { after: asUserId(String(after)) }),
    });
    respond(reply, okAnswer(page(found, query.limit, (member) => encodeCursor(list, [member.user_id]))));
  }

  @Get(':user_id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('company.get_member', request);
    const { user_id } = callerOf(request);
    const asked = { user_id, company_id: params.id, member_id: params.user_id };
    respond(reply, okAnswer(await getMember(this.deps.store, asked)));
  }

  @Put(':user_id')
  async put(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('company.put_member', request);
    await runCompany(
      this.deps,
      { route: 'company.put_member', company_id: params.id, action: 'company.manage_members', body },
      { request, reply },
      (writer) => setMember(this.deps, { ...writer, member_id: params.user_id, role: body.role }),
      okAnswer,
    );
  }

  @Delete(':user_id')
  async remove(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('company.delete_member', request);
    const leaves = params.user_id === callerOf(request).user_id;
    await runCompany<undefined>(
      this.deps,
      {
        ...{ route: 'company.delete_member', company_id: params.id },
        // Whoever left is no member any more, and may hear again that he has left.
        action: leaves ? undefined : 'company.manage_members',
      },
      { request, reply },
      (writer) => removeMember(this.deps, { ...writer, member_id: params.user_id }),
      () => emptyAnswer(),
    );
  }
}
