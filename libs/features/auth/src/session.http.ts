import { Controller, Delete, Get, Inject, Req, Res } from '@nestjs/common';
import { actorOf, type AuditAction, originOf, recordAudit } from '@state-server/audit';
import {
  announceRevocation,
  callerOf,
  endSessionOf,
  endSessions,
  type EndSessionsDeps,
  type Identity,
  sessionPage,
} from '@state-server/identity';
import type { Transaction } from '@state-server/persistence-port';
import {
  emptyAnswer,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { AUTH_DEPS, type AuthHttpDeps } from './auth-deps';

/** REST for what somebody is signed in with himself. */
@Controller('auth/sessions')
export class SessionHttp {
  constructor(@Inject(AUTH_DEPS) private readonly deps: AuthHttpDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('auth.sessions', request);
    const { user_id, session_id } = callerOf(request);
    const asked = { list: 'auth.sessions', user_id, current: session_id, query };
    respond(reply, okAnswer(await sessionPage(this.sessions, asked)));
  }

  @Delete(':id')
  async end(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('auth.end_session', request);
    const caller = callerOf(request);
    const details = { session_id: params.id };
    await endSessionOf(this.sessions, {
      user_id: caller.user_id,
      session_id: params.id,
      also: (tx) => this.record(tx, request, caller, 'auth.session_revoked', details),
    });
    respond(reply, emptyAnswer());
  }

  @Delete()
  async endAll(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('auth.end_sessions', request);
    const caller = callerOf(request);
    const kept = query.keep === undefined ? undefined : caller.session_id;
    await endSessions(this.sessions, {
      user_id: caller.user_id,
      ...(kept === undefined ? {} : { keep: kept }),
      also: (tx) =>
        this.record(tx, request, caller, 'auth.sessions_revoked', kept === undefined ? {} : { kept }),
    });
    respond(reply, emptyAnswer());
  }

  private record(
    tx: Transaction,
    request: RestRequest,
    caller: Identity,
    action: AuditAction,
    details: Readonly<Record<string, string>>,
  ): void {
    const actor = actorOf(caller);
    const target = { kind: 'user', id: caller.user_id } as const;
    const at = this.deps.environment.clock.now();
    recordAudit(tx, { ...originOf(request), action, actor, target, details, at });
  }

  private get sessions(): EndSessionsDeps {
    const { store, environment, bus } = this.deps;
    return { store, clock: environment.clock, announce: (revocation) => announceRevocation(bus, revocation) };
  }
}
