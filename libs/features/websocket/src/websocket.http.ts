import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Environment } from '@state-server/domain';
import { callerOf, issueTicket, sessionPage } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import {
  type RestReply,
  type RestRequest,
  headerOf,
  okAnswer,
  readRequest,
  respond,
} from '@state-server/platform';

/** Injection token for what the websocket doors work with. */
export const WEBSOCKET_DEPS = Symbol('WEBSOCKET_DEPS');

export interface WebSocketDeps {
  readonly store: Store;
  readonly environment: Environment;
}

/** REST for /websocket: what a client needs before it opens a socket. */
@Controller('websocket')
export class WebSocketHttp {
  constructor(@Inject(WEBSOCKET_DEPS) private readonly deps: WebSocketDeps) {}

  @Post('ticket')
  async ticket(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const origin = headerOf(request, 'origin');
    const ticket = await issueTicket(this.deps, {
      ...callerOf(request),
      ...(origin === undefined ? {} : { origin }),
    });
    respond(reply, okAnswer(ticket, { 'cache-control': 'no-store' }));
  }

  @Get('sessions')
  async sessions(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('websocket.sessions', request);
    const { user_id, session_id } = callerOf(request);
    const { store, environment } = this.deps;
    const asked = { list: 'sessions', user_id, current: session_id, query };
    respond(reply, okAnswer(await sessionPage({ store, clock: environment.clock }, asked)));
  }
}
