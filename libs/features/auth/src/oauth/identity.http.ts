import { Controller, Delete, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { auditBy } from '@state-server/audit';
import { callerOf } from '@state-server/identity';
import {
  addressOf,
  createdAnswer,
  emptyAnswer,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { linkIdentity, listIdentities, unlinkIdentity } from './identities';
import { OAUTH_DEPS, type OAuthHttpDeps } from './oauth-deps';

/** REST for /auth/identities. */
@Controller('auth/identities')
export class IdentityHttp {
  constructor(@Inject(OAUTH_DEPS) private readonly deps: OAuthHttpDeps) {}

  @Get()
  async list(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    respond(reply, okAnswer(await listIdentities(this.deps, callerOf(request))));
  }

  @Post()
  async link(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('auth.link_identity', request);
    await this.deps.signInLimit.take(addressOf(request));
    const caller = callerOf(request);
    const linked = await linkIdentity(this.deps, caller, { ...body, by: auditBy(request, caller) });
    respond(reply, createdAnswer(`/auth/identities/${linked.provider}`, linked));
  }

  @Delete(':provider')
  async unlink(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { params } = readRequest('auth.unlink_identity', request);
    const caller = callerOf(request);
    await unlinkIdentity(this.deps, caller, { ...params, by: auditBy(request, caller) });
    respond(reply, emptyAnswer());
  }
}
