import { Controller, Delete, Get, Inject, Req, Res } from '@nestjs/common';
import { actorOf, originOf, recordAudit } from '@state-server/audit';
import { callerOf, endSessions, sessionPage } from '@state-server/identity';
import {
  emptyAnswer,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { assertAdmin, getUser } from './get-user';
import { USER_DEPS, type UserDeps } from './user-deps';

/** REST for what a user is signed in with, for administrators. */
@Controller('admin/users/:id/sessions')
export class AdminSessionHttp {
  constructor(@Inject(USER_DEPS) private readonly deps: UserDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { store, environment } = this.deps;
    await assertAdmin(store, callerOf(request).user_id);
    const { params, query } = readRequest('admin.sessions', request);
    await getUser(store, params.id);
    const current = callerOf(request).session_id;
    const asked = { list: `admin.sessions:${params.id}`, user_id: params.id, current, query };
    respond(reply, okAnswer(await sessionPage({ store, clock: environment.clock }, asked)));
  }

  @Delete()
  async end(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { store, environment, announce } = this.deps;
    const caller = callerOf(request);
    await assertAdmin(store, caller.user_id);
    const { params } = readRequest('admin.end_sessions', request);
    await endSessions(
      { store, clock: environment.clock, announce },
      {
        user_id: params.id,
        also: (tx) => {
          const target = { kind: 'user', id: params.id } as const;
          const at = environment.clock.now();
          const who = { ...originOf(request), actor: actorOf(caller) };
          recordAudit(tx, { ...who, action: 'auth.sessions_revoked', target, at });
        },
      },
    );
    respond(reply, emptyAnswer());
  }
}
