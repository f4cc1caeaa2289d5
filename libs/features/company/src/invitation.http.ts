import { randomBytes } from 'node:crypto';
import { auditBy } from '@state-server/audit';
import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { callerOf } from '@state-server/identity';
import {
  createdAnswer,
  decodeCursor,
  emptyAnswer,
  encodeCursor,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  runKeyed,
} from '@state-server/platform';
import type { CompanyInvitationResource } from '@state-server/protocol';
import { acceptInvitation } from './accept-invitation';
import { shownCompany } from './company-answers';
import { COMPANY_DEPS, type CompanyDeps } from './company-deps';
import { getInvitation } from './get-invitation';
import { invite } from './invite';
import { listInvitations } from './list-invitations';
import { revokeInvitation } from './revoke-invitation';
import { runCompany } from './run-company';

/** REST for invitations into a company. */
@Controller('company')
export class InvitationHttp {
  constructor(@Inject(COMPANY_DEPS) private readonly deps: CompanyDeps) {}

  @Post(':id/invitations')
  async invite(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('company.invite', request);
    // The same in every attempt of the transaction; an attempt under the same key that came first has sent its own.
    const token = `inv_${randomBytes(32).toString('base64url')}`;
    await runCompany(
      this.deps,
      { route: 'company.invite', company_id: params.id, action: 'company.manage_members', body },
      { request, reply },
      (writer) => invite(this.deps, { ...writer, ...body, token, invitation_id: writer.newId('invitation') }),
      (invitation: CompanyInvitationResource) =>
        createdAnswer(`/company/${params.id}/invitations/${invitation.id}`, invitation),
    );
  }

  @Get(':id/invitations')
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, query } = readRequest('company.invitations', request);
    const list = `company-invitations:${params.id}`;
    const [at, id] = decodeCursor(list, 2, query.cursor) ?? [];
    const { items, next } = await listInvitations(
      { store: this.deps.store, clock: this.deps.environment.clock },
      {
        ...{ user_id: callerOf(request).user_id, company_id: params.id, limit: query.limit },
        ...(id === undefined ? {} : { after: [String(at), String(id)] as const }),
      },
    );
    respond(reply, okAnswer({ items, next_cursor: next ? encodeCursor(list, next) : null }));
  }

  @Get(':id/invitations/:invitation_id')
  async get(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { id: company_id, invitation_id } = readRequest('company.get_invitation', request).params;
    const { user_id } = callerOf(request);
    const reads = { store: this.deps.store, clock: this.deps.environment.clock };
    respond(reply, okAnswer(await getInvitation(reads, { user_id, company_id, invitation_id })));
  }

  @Delete(':id/invitations/:invitation_id')
  async revoke(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('company.revoke_invitation', request);
    const { id: company_id, invitation_id } = params;
    await runCompany<undefined>(
      this.deps,
      { route: 'company.revoke_invitation', company_id, action: 'company.manage_members' },
      { request, reply },
      (writer) => revokeInvitation(this.deps, { ...writer, invitation_id }),
      () => emptyAnswer(),
    );
  }

  @Post('invitations/:token/accept')
  async accept(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('company.accept_invitation', request);
    const caller = callerOf(request);
    const { user_id } = caller;
    const answer = await runKeyed(
      this.deps,
      'company.accept_invitation',
      request,
      { user_id, body: undefined },
      {
        authorise: () => Promise.resolve(),
        execute: async (claim) => {
          const seen = await acceptInvitation(this.deps, {
            ...{ user_id, token: params.token, op_id: claim.op_id, operation_id: claim.newId('operation') },
            from: auditBy(request, caller),
            also: (tx, joined) => claim.record(tx, shownCompany(joined), false),
          });
          return { answer: shownCompany(seen), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }
}
