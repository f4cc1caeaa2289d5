import { Controller, Delete, Inject, Post, Put, Req, Res } from '@nestjs/common';
import { auditBy } from '@state-server/audit';
import { callerOf } from '@state-server/identity';
import type { UserDoc } from '@state-server/persistence-port';
import {
  type Answer,
  type RestReply,
  type RestRequest,
  emptyAnswer,
  etagHeader,
  okAnswer,
  readRequest,
  respond,
  runKeyed,
  toAdminUserResource,
} from '@state-server/platform';
import type { RouteId } from '@state-server/protocol';
import type { WriteUser } from './change-user';
import { assertAdmin } from './get-user';
import { liftSuspension, putRoles, suspendUser } from './suspend-user';
import { USER_DEPS, type UserDeps } from './user-deps';

/** REST for what administrators do to users. */
@Controller('admin/users/:id')
export class AdminUserHttp {
  constructor(@Inject(USER_DEPS) private readonly deps: UserDeps) {}

  @Post('suspension')
  async suspend(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('admin.suspend', request);
    const by = callerOf(request).user_id;
    const from = auditBy(request, callerOf(request));
    const change = (also: WriteUser['also']): Promise<UserDoc> =>
      suspendUser(this.deps, { ...body, by, from, user_id: params.id, ...(also && { also }) });
    await this.run('admin.suspend', request, reply, body, change, toAnswer);
  }

  @Delete('suspension')
  async unsuspend(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('admin.unsuspend', request);
    const from = auditBy(request, callerOf(request));
    const change = (also: WriteUser['also']): Promise<UserDoc> =>
      liftSuspension(this.deps, { from, user_id: params.id, ...(also && { also }) });
    await this.run('admin.unsuspend', request, reply, undefined, change, () => emptyAnswer());
  }

  @Put('roles')
  async putRoles(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params, body } = readRequest('admin.put_roles', request);
    const from = auditBy(request, callerOf(request));
    const change = (also: WriteUser['also']): Promise<UserDoc> =>
      putRoles(this.deps, { ...body, from, user_id: params.id, ...(also && { also }) });
    await this.run('admin.put_roles', request, reply, body, change, toAnswer);
  }

  private async run(
    route: RouteId,
    request: RestRequest,
    reply: RestReply,
    body: unknown,
    change: (also: WriteUser['also']) => Promise<UserDoc>,
    encode: (user: UserDoc) => Answer,
  ): Promise<void> {
    const { user_id } = callerOf(request);
    await assertAdmin(this.deps.store, user_id);
    const answer = await runKeyed(
      this.deps,
      route,
      request,
      { user_id, body },
      {
        authorise: () => assertAdmin(this.deps.store, user_id),
        execute: async (claim) => {
          const user = await change((tx, written) => claim.record(tx, encode(written), false));
          return { answer: encode(user), replayed: false };
        },
      },
    );
    respond(reply, answer);
  }
}

function toAnswer(user: UserDoc): Answer {
  return okAnswer(toAdminUserResource(user), etagHeader(user.version));
}
