import { Redis } from 'ioredis';
import type { Bus, Subscription } from '@state-server/messaging-port';

export interface RedisBusOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Milliseconds for each command, a subscription included; default 1,000. */
  readonly deadlineMs?: number;
  /** Milliseconds between two probes of the link: a frozen server closes no socket; default 300. */
  readonly probeMs?: number;
  /** Milliseconds for the answer to a probe; default 700. With the pause before it: how long a freeze goes unnoticed. */
  readonly probeDeadlineMs?: number;
  readonly log?: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

type Handler = (payload: Uint8Array) => void;

/** Longest pause between two attempts to connect, ms: Redis away is Redis looked for once a second. */
const MAX_RETRY_MS = 1_000;

/** Publish/subscribe over Redis. Never throws for an outage: it says `connected: false` and drops (SYNC F2). */
export function createRedisBus(options: RedisBusOptions): Bus {
  return new RedisBus(options);
}

class RedisBus implements Bus {
  connected = false;
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly pending = new Map<string, Promise<void>>();
  private readonly listeners = new Set<(connected: boolean) => void>();
  private readonly prober: NodeJS.Timeout;
  private readonly deadlineMs: number;
  private readonly log: NonNullable<RedisBusOptions['log']>;
  private readonly ready = { publisher: false, subscriber: false };
  private outgoing: { readonly channel: string; readonly bytes: Buffer }[] = [];
  private closed = false;
  private probing = false;

  constructor(private readonly options: RedisBusOptions) {
    this.deadlineMs = options.deadlineMs ?? 1_000;
    this.log = options.log ?? (() => undefined);
    const connection = connectionOptions(this.deadlineMs);
    this.publisher = new Redis(options.url, connection);
    this.subscriber = new Redis(options.url, { ...connection, autoResubscribe: false });
    this.watch(this.publisher, () => {
      this.ready.publisher = true;
      this.changed();
    });
    this.watch(this.subscriber, () => void this.resubscribe());
    this.publisher.on('close', () => this.lost('publisher'));
    this.subscriber.on('close', () => this.lost('subscriber'));
    this.subscriber.on('messageBuffer', (channel: Buffer, payload: Buffer) =>
      this.deliver(channel.toString(), payload),
    );
    this.prober = setInterval(() => void this.probe(), options.probeMs ?? 300);
    this.prober.unref();
  }

  publish(channel: string, payload: Uint8Array): void {
    if (!this.connected) return;
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    if (this.outgoing.push({ channel, bytes }) === 1) queueMicrotask(() => this.publishAll());
  }

  async subscribe(channel: string, handler: Handler): Promise<Subscription> {
    const own: Handler = (payload) => handler(payload);
    const handlers = this.handlers.get(channel) ?? new Set<Handler>();
    this.handlers.set(channel, handlers);
    handlers.add(own);
    await this.activate(channel);
    return { unsubscribe: () => this.remove(channel, own) };
  }

  onConnection(listener: (connected: boolean) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  close(): Promise<void> {
    this.closed = true;
    clearInterval(this.prober);
    this.listeners.clear();
    this.handlers.clear();
    this.publisher.disconnect();
    this.subscriber.disconnect();
    this.connected = false;
    return Promise.resolve();
  }

  /** What one turn of the event loop publishes (a group commit) is one write to Redis, in order. */
  private publishAll(): void {
    const { outgoing } = this;
    this.outgoing = [];
    if (!this.connected) return;
    const pipeline = this.publisher.pipeline();
    for (const { channel, bytes } of outgoing) pipeline.publish(channel, bytes);
    pipeline.exec().then(
      (results) => {
        const failure = results?.find(([error]) => error !== null)?.[0];
        if (failure) this.log('bus.publish.failed', { messages: outgoing.length, reason: reason(failure) });
      },
      (error: unknown) => {
        this.log('bus.publish.failed', { messages: outgoing.length, reason: reason(error) });
      },
    );
  }

  private watch(client: Redis, onReady: () => void): void {
    client.on('ready', onReady);
    // ioredis reports each failed attempt; the change of `connected` is the fact worth a line.
    client.on('error', (error: unknown) => this.log('bus.link.error', { reason: reason(error) }));
  }

  /** One SUBSCRIBE per channel, shared by all who ask while it is on its way; a failure is left to `resubscribe`. */
  private activate(channel: string): Promise<void> {
    const running = this.pending.get(channel);
    if (running) return running;
    if (this.subscriber.status !== 'ready') return Promise.resolve();
    const attempt = this.subscriber
      .subscribe(channel)
      .then(() => undefined)
      .catch((error: unknown) => this.log('bus.subscribe.failed', { channel, reason: reason(error) }))
      .finally(() => this.pending.delete(channel));
    this.pending.set(channel, attempt);
    return attempt;
  }

  private async remove(channel: string, handler: Handler): Promise<void> {
    const handlers = this.handlers.get(channel);
    if (!handlers?.delete(handler) || handlers.size > 0) return;
    this.handlers.delete(channel);
    if (this.subscriber.status !== 'ready') return;
    await this.subscriber.unsubscribe(channel).catch((error: unknown) => {
      this.log('bus.unsubscribe.failed', { channel, reason: reason(error) });
    });
  }

  private async resubscribe(): Promise<void> {
    const names = [...this.handlers.keys()];
    try {
      if (names.length > 0) await this.subscriber.subscribe(...names);
    } catch (error) {
      this.log('bus.subscribe.failed', { reason: reason(error) });
      this.subscriber.disconnect(true);
      return;
    }
    this.ready.subscriber = true;
    this.changed();
  }

  private lost(link: 'publisher' | 'subscriber'): void {
    this.ready[link] = false;
    this.changed();
  }

  private changed(): void {
    const connected = !this.closed && this.ready.publisher && this.ready.subscriber;
    if (connected === this.connected) return;
    this.connected = connected;
    this.log(connected ? 'bus.connected' : 'bus.disconnected', {});
    for (const listener of this.listeners) listener(connected);
  }

  private deliver(channel: string, payload: Uint8Array): void {
    for (const handler of this.handlers.get(channel) ?? []) {
      try {
        handler(payload);
      } catch (error) {
        this.log('bus.handler.failed', { channel, reason: reason(error) });
      }
    }
  }

  /** One at a time. */
  private async probe(): Promise<void> {
    if (!this.connected || this.probing) return;
    this.probing = true;
    try {
      const answers = Promise.all([this.publisher.ping(), this.subscriber.ping()]);
      await within(answers, this.options.probeDeadlineMs ?? 700);
    } catch (error) {
      if (this.closed) return;
      this.log('bus.probe.failed', { reason: reason(error) });
      this.lost('publisher');
      this.publisher.disconnect(true);
      this.subscriber.disconnect(true);
    } finally {
      this.probing = false;
    }
  }
}

/** Rejects when it takes longer; a turn of the event loop first, for an answer that has come already but was not read. */
async function within(answers: Promise<unknown>, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const give = (): void => reject(new Error(`no answer to a probe within ${deadlineMs} ms`));
    timer = setTimeout(() => setImmediate(give), deadlineMs);
  });
  try {
    await Promise.race([answers, late]);
  } finally {
    clearTimeout(timer);
  }
}

function connectionOptions(deadlineMs: number) {
  return {
    commandTimeout: deadlineMs,
    connectTimeout: deadlineMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(MAX_RETRY_MS, 25 * 2 ** Math.min(attempt, 6)),
  };
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
