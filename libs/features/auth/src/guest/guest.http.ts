import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { originOf } from '@state-server/audit';
import {
  addressOf,
  headerOf,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import type { SignInLimit } from '../sign-in-limit';
import { enterAsGuest, type GuestDeps } from './enter-as-guest';

/** Injection token for what the guests' door works with. */
export const GUEST_DEPS = Symbol('GUEST_DEPS');

export interface GuestHttpDeps extends GuestDeps {
  readonly signInLimit: SignInLimit;
}

/** POST /auth/guest. */
@Controller('auth')
export class GuestHttp {
  constructor(@Inject(GUEST_DEPS) private readonly deps: GuestHttpDeps) {}

  @Post('guest')
  async enter(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { body } = readRequest('auth.guest', request);
    const address = addressOf(request);
    await this.deps.signInLimit.take(address);
    const user_agent = headerOf(request, 'user-agent');
    const agent = user_agent === undefined ? {} : { user_agent };
    const entered = await enterAsGuest(this.deps, { ...body, address, ...agent, origin: originOf(request) });
    respond(reply, okAnswer(entered, { 'cache-control': 'no-store' }));
  }
}
