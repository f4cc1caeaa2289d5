import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { Environment } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import {
  decodeCursor,
  encodeCursor,
  okAnswer,
  page,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { listPopular } from './list-popular';

/** Injection token for what the analytics doors work with. */
export const ANALYTICS_DEPS = Symbol('ANALYTICS_DEPS');

export interface AnalyticsDeps {
  readonly store: Store;
  readonly environment: Environment;
}

/** REST for /analytics. */
@Controller('analytics')
export class AnalyticsHttp {
  constructor(@Inject(ANALYTICS_DEPS) private readonly deps: AnalyticsDeps) {}

  @Get('popular')
  async popular(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { query } = readRequest('analytics.popular', request);
    const { kind, limit } = query;
    const list = `popular:${kind}`;
    const [rank, id] = decodeCursor(list, 2, query.cursor) ?? [];
    const found = await listPopular(
      { store: this.deps.store, clock: this.deps.environment.clock },
      { kind, limit, ...(rank === undefined ? {} : { after: [Number(rank), String(id)] }) },
    );
    const { items, next_cursor } = page(found, limit, (last) => encodeCursor(list, [last.rank, last.id]));
    const body = items.map(({ rank: _, ...item }) => item);
    respond(reply, okAnswer({ items: body, next_cursor }));
  }
}
