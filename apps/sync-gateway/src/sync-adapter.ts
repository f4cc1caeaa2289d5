import type { IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import {
  encodeJson,
  fail,
  formatOf,
  HEADERS,
  MAX_READ_MESSAGE_BYTES,
  type StateError,
  SUBPROTOCOLS,
  toEnvelope,
} from '@state-server/protocol';

export interface SyncAdapterOptions {
  readonly allowedOrigins: readonly string[];
  /** The process is going, say: a client is better off with another one, and so is whoever forwards it. */
  readonly turnsAway: () => boolean;
  /** Why this one does not get in, beside what is looked at here. */
  readonly whyNot: (request: IncomingMessage) => StateError | undefined;
}

interface UpgradeInfo {
  readonly origin: string | undefined;
  readonly req: IncomingMessage;
}

type Verdict = (
  accepted: boolean,
  status?: number,
  body?: string,
  headers?: Readonly<Record<string, string>>,
) => void;

/** A peer that does not answer our close within this time is cut off, ms. */
const CLOSE_MS = 3_000;

/**
 * Nest's adapter for `ws`, with what this door wants of it: no compression (a frame is encoded once for all), messages up to
 * 1 MiB, only our subprotocols, only allowed origins. What is in the messages is the engine's business, not Nest's.
 */
export class SyncAdapter extends WsAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly options: SyncAdapterOptions,
  ) {
    super(app);
  }

  override create(port: number, options: Record<string, unknown> = {}): unknown {
    return super.create(port, {
      ...options,
      maxPayload: MAX_READ_MESSAGE_BYTES,
      perMessageDeflate: false,
      closeTimeout: CLOSE_MS,
      handleProtocols: (offered: ReadonlySet<string>) => chosenOf(offered) ?? false,
      verifyClient: ({ origin, req }: UpgradeInfo, verdict: Verdict) => {
        const refusal = this.whyNot(origin, req);
        if (!refusal) verdict(true);
        else verdict(false, refusal.status, envelopeOf(refusal, req), { 'Content-Type': 'application/json' });
      },
    });
  }

  /** Messages go to the engine as they come: see the door. */
  override bindMessageHandlers(): void {
    return undefined;
  }

  /** The door listens by itself. */
  override bindClientDisconnect(): void {
    return undefined;
  }

  /** A browser names its origin, and cannot lie about it; other programs name none. */
  private whyNot(origin: string | undefined, request: IncomingMessage): StateError | undefined {
    const { headers } = request;
    const refusal = this.options.whyNot(request);
    if (refusal) return refusal;
    if (this.options.turnsAway()) return fail('gateway.draining');
    if (origin !== undefined && !this.options.allowedOrigins.includes(origin)) {
      return fail('auth.origin_refused', { origin: origin.slice(0, 200) });
    }
    const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (chosenOf(offered) !== undefined) return undefined;
    const known = Object.values(SUBPROTOCOLS);
    return fail('query.invalid', { known }, `Offer a subprotocol: ${known.join(' or ')}.`);
  }
}

/** The client's first choice that is one of ours. */
function chosenOf(offered: Iterable<string>): string | undefined {
  return [...offered].find((name) => formatOf(name) !== undefined);
}

/** Whoever does not get through to the WebSocket is answered as a REST client is. */
function envelopeOf(refusal: StateError, { headers }: IncomingMessage): string {
  const requestId = headers[HEADERS.requestId];
  return encodeJson(toEnvelope(refusal, typeof requestId === 'string' ? requestId : ''));
}
