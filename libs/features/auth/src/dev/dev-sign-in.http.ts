import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { originOf } from '@state-server/audit';
import {
  addressOf,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { AUTH_DEPS, type AuthHttpDeps } from '../auth-deps';
import { guestCaller } from '../guest/guest-caller';
import { accountKey, isAtHome } from '../is-at-home';
import { PROVIDER, signInDev, subjectOf } from './sign-in-dev';

/** POST /auth/dev. Loaded only where somebody asked for it, and never in production. */
@Controller('auth')
export class DevSignInHttp {
  constructor(@Inject(AUTH_DEPS) private readonly deps: AuthHttpDeps) {}

  @Post('dev')
  async signIn(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('auth.dev', request);
    const { signInLimit, store, verifier } = this.deps;
    const address = addressOf(request);
    await signInLimit.take(address);
    const claim = { provider: PROVIDER, subject: subjectOf(body), address };
    signInLimit.takeFor(accountKey(claim), (await isAtHome(store, claim)) ? address : undefined);
    const guest = await guestCaller(verifier, request);
    const input = { ...body, origin: originOf(request), guest };
    respond(reply, okAnswer(await signInDev(this.deps, input)));
  }
}
