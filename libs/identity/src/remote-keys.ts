import type { Environment, TimerHandle } from '@state-server/domain';
import { type Logger, outgoingHeaders, withDeadline } from '@state-server/platform';
import { decodeJson, fail } from '@state-server/protocol';
import type { CryptoKey } from 'jose';
import * as z from 'zod/mini';
import { importKeys, type KeySource } from './key-source';

export interface RemoteKeysOptions {
  /** Of the JWKS: `http://…/auth/.well-known/jwks.json`. */
  readonly url: string;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly log: Logger;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Which of the published keys are used, and how; default: Ed25519, as the auth service has them. */
  readonly importKeys?: (keys: readonly object[]) => Promise<ReadonlyMap<string, CryptoKey>>;
  /** Milliseconds for one look; default 2,000. */
  readonly deadlineMs?: number;
  /** Milliseconds between two looks in the background, whoever asks meanwhile; default one minute. */
  readonly refreshMs?: number;
  /** Milliseconds between two looks for names that are not known; default 10,000. After a failure a tenth of it. */
  readonly pauseMs?: number;
  /** Milliseconds after the last good look from which known keys are not believed any more; default one day. */
  readonly maxStaleMs?: number;
}

const REFRESH_MS = 60_000;
const PAUSE_MS = 10_000;
const MAX_STALE_MS = 24 * 60 * 60 * 1_000;

export interface RemoteKeys extends KeySource {
  /** No look in the background any more. */
  close(): void;
}

const MAX_KEYS = 20;
const MAX_JWKS_CHARS = 64 * 1024;

const jwksSchema = z.object({
  keys: z
    .array(z.looseObject({ kty: z.string(), crv: z.optional(z.string()), kid: z.optional(z.string()) }))
    .check(z.maxLength(MAX_KEYS)),
});
const ed25519Schema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  kid: z.string().check(z.minLength(1), z.maxLength(200)),
  x: z.string().check(z.regex(/^[\w-]{43}$/)),
});

/**
 * The keys that the auth service publishes, stale while they are revalidated: who asks for a known key is answered from memory,
 * while a look in the background once a minute takes what is new before it signs and drops what is retired. An unknown name is
 * looked for at once, but not by every forged token anew. Auth may be away for a day, once the keys are known.
 */
export function remoteKeys(options: RemoteKeysOptions): RemoteKeys {
  return new PublishedKeys(options);
}

class PublishedKeys implements RemoteKeys {
  private keys: ReadonlyMap<string, CryptoKey> | undefined;
  /** Monotonic ms of the last success, and of the last look that somebody asked for. */
  private succeededAt = Number.NEGATIVE_INFINITY;
  private askedAt = Number.NEGATIVE_INFINITY;
  private failed = false;
  private looking: Promise<void> | undefined;
  private timer: TimerHandle | undefined;

  constructor(private readonly options: RemoteKeysOptions) {
    this.scheduleNext();
  }

  async find(kid: string): Promise<CryptoKey | undefined> {
    const known = this.usable()?.get(kid);
    if (known) return known;
    await this.askedFor();
    const keys = this.usable();
    const found = keys?.get(kid);
    if (!found && (keys === undefined || this.failed)) throw fail('dependency.unavailable');
    return found;
  }

  state(): ReturnType<KeySource['state']> {
    if (this.usable() === undefined) {
      void this.askedFor();
      const since = this.keys === undefined ? 'not known yet' : 'too old';
      return { status: 'unavailable', message: `The public keys of the auth service are ${since}.` };
    }
    return this.failed
      ? { status: 'degraded', message: 'The auth service does not answer; its known keys are used.' }
      : { status: 'ok' };
  }

  close(): void {
    if (this.timer !== undefined) this.options.environment.timers.clear(this.timer);
    this.timer = undefined;
  }

  private usable(): ReadonlyMap<string, CryptoKey> | undefined {
    const age = this.options.environment.clock.monotonic() - this.succeededAt;
    return age <= (this.options.maxStaleMs ?? MAX_STALE_MS) ? this.keys : undefined;
  }

  private scheduleNext(): void {
    const { environment, refreshMs = REFRESH_MS, pauseMs = PAUSE_MS } = this.options;
    const timer = environment.timers.set(this.failed ? pauseMs : refreshMs, () => {
      void this.look().then(() => {
        if (this.timer === timer) this.scheduleNext();
      });
    });
    this.timer = timer;
  }

  /** A look because somebody wants a key: none too soon after the last of these. */
  private askedFor(): Promise<void> {
    const now = this.options.environment.clock.monotonic();
    const { pauseMs = PAUSE_MS } = this.options;
    const isWorse = this.failed || this.usable() === undefined;
    if (!this.looking && now - this.askedAt < (isWorse ? pauseMs / 10 : pauseMs)) return Promise.resolve();
    this.askedAt = now;
    return this.look();
  }

  /** One look at a time. Never rejects. */
  private look(): Promise<void> {
    this.looking ??= this.load().finally(() => (this.looking = undefined));
    return this.looking;
  }

  private async load(): Promise<void> {
    const { environment, deadlineMs = 2_000, log } = this.options;
    try {
      this.keys = await withDeadline(
        (signal) => this.read(signal),
        deadlineMs,
        'jwks.fetch',
        environment.timers,
      );
      this.succeededAt = environment.clock.monotonic();
      if (this.failed) log.info('jwks.recovered');
      this.failed = false;
    } catch (error) {
      if (!this.failed) log.warn('jwks.failed', { err: error });
      this.failed = true;
    }
  }

  private async read(signal: AbortSignal): Promise<ReadonlyMap<string, CryptoKey>> {
    const send = this.options.fetch ?? fetch;
    const response = await send(this.options.url, {
      signal,
      redirect: 'error',
      headers: { accept: 'application/json', ...outgoingHeaders() },
    });
    if (!response.ok) throw new Error(`the JWKS was answered with ${response.status}`);
    const text = await response.text();
    if (text.length > MAX_JWKS_CHARS) throw new Error('the JWKS is too large');
    const { keys } = z.parse(jwksSchema, decodeJson(text));
    return (this.options.importKeys ?? importOwnKeys)(keys);
  }
}

/** Of the auth service: Ed25519 alone. */
async function importOwnKeys(keys: readonly object[]): Promise<ReadonlyMap<string, CryptoKey>> {
  const usable = keys.flatMap((key) => {
    const parsed = z.safeParse(ed25519Schema, key);
    return parsed.success ? [{ ...parsed.data, alg: 'EdDSA' as const, use: 'sig' as const }] : [];
  });
  if (usable.length === 0) throw new Error('the JWKS holds no Ed25519 key');
  return importKeys({ keys: usable });
}
