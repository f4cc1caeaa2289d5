import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import { originOf } from '@state-server/audit';
import { secretHash } from '@state-server/identity';
import type { Provider } from '@state-server/oauth';
import {
  addressOf,
  headerOf,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
  toHttpError,
} from '@state-server/platform';
import { fail } from '@state-server/protocol';
import { guestCaller } from '../guest/guest-caller';
import { beginSignIn } from './begin-sign-in';
import { bindBrowser, readCookie } from './browser-cookie';
import { completeSignIn } from './complete-sign-in';
import { errorPage } from './error-page';
import { OAUTH_DEPS, type OAuthHttpDeps } from './oauth-deps';
import { allowedReturn, withOutcome } from './return-url';
import { countingFailures } from '../sign-in-limit';
import { signInWithCode } from './sign-in-with-code';

/** What a browser is sent away with: nobody keeps it, and it tells nobody where it comes from. */
const ONWARD = { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } as const;

/** REST and redirects for signing in with a provider. */
@Controller('auth')
export class OAuthHttp {
  constructor(@Inject(OAUTH_DEPS) private readonly deps: OAuthHttpDeps) {}

  @Get('providers')
  providers(@Res() reply: RestReply): void {
    const items = [...this.deps.strategies.keys()].map((provider) => ({
      provider,
      path: `/auth/${provider}`,
    }));
    respond(reply, okAnswer({ items }));
  }

  @Get('google')
  google(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    return this.begin('google', request, reply);
  }

  @Get('google/callback')
  googleCallback(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    return this.complete('google', request, reply);
  }

  @Get('microsoft')
  microsoft(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    return this.begin('microsoft', request, reply);
  }

  @Get('microsoft/callback')
  microsoftCallback(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    return this.complete('microsoft', request, reply);
  }

  @Post('token')
  async token(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('auth.token', request);
    const address = addressOf(request);
    await this.deps.signInLimit.take(address);
    const guest = await guestCaller(this.deps.verifier, request);
    const input = { ...body, origin: originOf(request), guest };
    const work = () => signInWithCode(this.deps, input);
    respond(reply, okAnswer(await countingFailures(this.deps.signInLimit, address, work)));
  }

  private async begin(provider: Provider, request: RestRequest, reply: RestReply): Promise<void> {
    const { publicUrl, returnUrls, signInLimit, log } = this.deps;
    await this.orPage(request, reply, async () => {
      if (!this.deps.strategies.has(provider)) throw fail('request.not_found');
      const { query } = readRequest(`auth.${provider}`, request);
      await signInLimit.take(addressOf(request));
      const return_to = allowedReturn(query.return_to, returnUrls);
      const { hash, setCookie } = bindBrowser(headerOf(request, 'cookie'), publicUrl);
      reply.header('set-cookie', setCookie);
      try {
        return await beginSignIn(this.deps, { provider, ...query, browser: hash });
      } catch (error) {
        const { code, cause } = toHttpError(error);
        log.warn('oauth.not_begun', {
          provider,
          code,
          reason: cause instanceof Error ? cause.message : undefined,
        });
        return withOutcome(return_to, { error: code });
      }
    });
  }

  private async complete(provider: Provider, request: RestRequest, reply: RestReply): Promise<void> {
    await this.orPage(request, reply, async () => {
      await this.deps.signInLimit.take(addressOf(request));
      const secret = readCookie(headerOf(request, 'cookie'), this.deps.publicUrl);
      const [, query = ''] = request.url.split('?', 2);
      const input = {
        provider,
        parameters: new URLSearchParams(query),
        browser: secret === undefined ? undefined : secretHash(secret),
      };
      return countingFailures(this.deps.signInLimit, addressOf(request), () =>
        completeSignIn(this.deps, input),
      );
    });
  }

  /** Sends the browser on; a person who cannot be sent anywhere gets a page, a program the envelope. */
  private async orPage(request: RestRequest, reply: RestReply, where: () => Promise<string>): Promise<void> {
    try {
      respond(reply, { status: 303, headers: { ...ONWARD, location: await where() } });
    } catch (error) {
      if (!headerOf(request, 'accept')?.includes('text/html')) throw error;
      const known = toHttpError(error);
      const headers = { ...ONWARD, 'content-type': 'text/html; charset=utf-8' };
      respond(reply, { status: known.status, headers, body: errorPage(known) });
    }
  }
}
