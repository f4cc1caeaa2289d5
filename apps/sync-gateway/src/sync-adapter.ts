import type { IncomingMessage } from 'node:http';
import type { INestApplicationContext } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { errorRow, formatOf, MAX_READ_MESSAGE_BYTES } from '@state-server/protocol';

interface UpgradeInfo {
  readonly origin: string | undefined;
  readonly req: IncomingMessage;
}

type Verdict = (accepted: boolean, status?: number, message?: string) => void;

/**
 * Nest's adapter for `ws`, with what this door wants of it: no compression (a frame is encoded once for all), messages up to
 * 1 MiB, only our subprotocols, only allowed origins. What is in the messages is the engine's business, not Nest's.
 */
export class SyncAdapter extends WsAdapter {
  constructor(
    app: INestApplicationContext,
    private readonly allowedOrigins: readonly string[],
  ) {
    super(app);
  }

  override create(port: number, options: Record<string, unknown> = {}): unknown {
    return super.create(port, {
      ...options,
      maxPayload: MAX_READ_MESSAGE_BYTES,
      perMessageDeflate: false,
      clientTracking: true,
      handleProtocols: (offered: ReadonlySet<string>) => [...offered].find((name) => formatOf(name)) ?? false,
      verifyClient: (info: UpgradeInfo, verdict: Verdict) => {
        this.verify(info, verdict);
      },
    });
  }

  /** Messages go to the engine as they come: see the door. */
  override bindMessageHandlers(): void {
    return undefined;
  }

  /** A browser names its origin, and cannot lie about it; other programs name none. */
  private verify({ origin, req }: UpgradeInfo, verdict: Verdict): void {
    if (origin !== undefined && !this.allowedOrigins.includes(origin)) {
      verdict(false, errorRow('auth.origin_refused').status, 'auth.origin_refused');
      return;
    }
    const offered = (req.headers['sec-websocket-protocol'] ?? '').split(',');
    const known = offered.some((name) => formatOf(name.trim()) !== undefined);
    verdict(known, 400, 'offer the subprotocol state.v1.cbor or state.v1.json');
  }
}
