import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import type { Clock } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import {
  decodeBody,
  headerOf,
  type Logger,
  okAnswer,
  readRequest,
  respond,
  type RestReply,
  type RestRequest,
} from '@state-server/platform';
import { recordCallback } from './record-callback';
import type { ReplayMemory } from './replay-memory';
import { verifyWebhook } from './verify-webhook';

/** Injection token for what the callback door works with. */
export const CALLBACK_DEPS = Symbol('CALLBACK_DEPS');

export interface CallbackDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** Asked for with each message: they may be exchanged while the service runs. */
  readonly secrets: () => readonly Uint8Array[];
  readonly replays: ReplayMemory;
  readonly log: Logger;
  readonly onClockSkew?: (aheadMs: number) => void;
}

const NOTHING = new Uint8Array(0);

/** POST /internal/callbacks/{job type}: cap (by the route) → headers → HMAC → time → replay → decode → schema → record. */
@Controller('internal/callbacks')
export class CallbackHttp {
  constructor(@Inject(CALLBACK_DEPS) private readonly deps: CallbackDeps) {}

  @Post(':type')
  async receive(@Req() request: RestRequest, @Res() reply: RestReply): Promise<void> {
    const { store, clock, secrets, replays, log, onClockSkew } = this.deps;
    const bytes = request.body instanceof Uint8Array ? request.body : NOTHING;
    const headers = {
      id: headerOf(request, 'webhook-id'),
      timestamp: headerOf(request, 'webhook-timestamp'),
      signature: headerOf(request, 'webhook-signature'),
    };
    const id = verifyWebhook({
      ...{ headers, body: bytes, secrets: secrets(), now: clock.now() },
      ...(onClockSkew && { onClockSkew }),
    });
    const known = replays.find(id, bytes);
    if (known !== undefined) {
      respond(reply, okAnswer({ job_id: known, duplicate: true }));
      return;
    }
    const { params, body } = readRequest('internal.callback', {
      ...plain(request),
      body: decodeBody(headerOf(request, 'content-type'), bytes),
    });
    const { duplicate } = await recordCallback(
      { store, clock },
      { type: params.type, webhook_id: id, report: body },
    );
    // Durable from here on.
    replays.remember(id, bytes, body.job_id);
    const { job_id, attempt, event, state, worker } = body;
    log.info('callback.recorded', { job_id, attempt, callback_event: event, state, worker, duplicate });
    respond(reply, okAnswer({ job_id, duplicate }));
  }
}

/** Fastify's request has its fields behind getters, which a spread would lose. */
function plain({ id, method, url, params, query, headers }: RestRequest): Omit<RestRequest, 'body'> {
  return { id, method, url, params, query, headers };
}
