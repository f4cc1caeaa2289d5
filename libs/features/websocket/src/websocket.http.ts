import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Environment } from '@state-server/domain';
import { callerOf, issueTicket, listSessions, toSessionResource } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import {
  type RestReply,
  type RestRequest,
  decodeCursor,
  encodeCursor,
  headerOf,
  okAnswer,
  page,
  readRequest,
  respond,
} from '@state-server/platform';

/** Injection token for what the websocket doors work with. */
export const WEBSOCKET_DEPS = Symbol('WEBSOCKET_DEPS');

export interface WebSocketDeps {
  readonly store: Store;
  readonly environment: Environment;
}

const SESSIONS = 'sessions';

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
    const [createdAt, id] = decodeCursor(SESSIONS, 2, query.cursor) ?? [];
    const found = await listSessions(
      { store: this.deps.store, clock: this.deps.environment.clock },
      {
        user_id,
        limit: query.limit,
        ...(createdAt === undefined ? {} : { after: [String(createdAt), String(id)] }),
      },
    );
    const { items, next_cursor } = page(found, query.limit, (last) =>
      encodeCursor(SESSIONS, [last.created_at, last.id]),
    );
    const body = items.map((session) => toSessionResource(session, session_id));
    respond(reply, okAnswer({ items: body, next_cursor }));
  }
}
