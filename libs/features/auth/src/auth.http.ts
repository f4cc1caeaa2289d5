import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { originOf } from '@state-server/audit';
import { callerOf } from '@state-server/identity';
import {
  emptyAnswer,
  idempotencyKeyOf,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { ROUTES } from '@state-server/protocol';
import { AUTH_DEPS, type AuthHttpDeps } from './auth-deps';
import { getSession } from './get-session';
import { logOut } from './log-out';
import { refreshSession } from './refresh-session';
import { revokeGivenToken } from './revoke-given-token';

/** Caches in between must not keep a key from those who look once a minute: see remote-keys. */
const JWKS_CACHE = 'public, max-age=30';

/** REST for /auth. */
@Controller('auth')
export class AuthHttp {
  constructor(@Inject(AUTH_DEPS) private readonly deps: AuthHttpDeps) {}

  @Post('refresh')
  async refresh(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('auth.refresh', request);
    const retry_key = idempotencyKeyOf(ROUTES['auth.refresh'], request);
    const input = { ...body, origin: originOf(request), ...(retry_key === undefined ? {} : { retry_key }) };
    respond(reply, okAnswer(await refreshSession(this.deps, input)));
  }

  @Post('logout')
  async logout(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    await logOut(this.deps, callerOf(request), originOf(request));
    respond(reply, emptyAnswer());
  }

  @Get('session')
  async session(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    respond(reply, okAnswer(await getSession(this.deps.store, callerOf(request))));
  }

  @Post('revoke')
  async revoke(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('auth.revoke', request);
    await revokeGivenToken(this.deps, { ...body, origin: originOf(request) });
    respond(reply, emptyAnswer());
  }

  @Get('.well-known/jwks.json')
  jwks(@Res() reply: RestReply): void {
    respond(reply, okAnswer(this.deps.jwks(), { 'cache-control': JWKS_CACHE }));
  }
}
