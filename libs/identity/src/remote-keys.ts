import type { Environment } from '@state-server/domain';
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
  /** Milliseconds for one look; default 2,000. */
  readonly deadlineMs?: number;
  /** Milliseconds after which keys are looked at again, while the old ones go on to serve; default 5 minutes. */
  readonly freshMs?: number;
  /** Milliseconds between two looks at least, whatever is asked for; default 10,000. After a failure a tenth of it. */
  readonly pauseMs?: number;
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
 * The keys that the auth service publishes. Kept, and used while they are looked at again: auth may be away for as long
 * as it likes, once they are known. An unknown name is looked for at once, but not by every forged token anew.
 */
export function remoteKeys(options: RemoteKeysOptions): KeySource {
  return new RemoteKeys(options);
}

class RemoteKeys implements KeySource {
  private keys: ReadonlyMap<string, CryptoKey> | undefined;
  /** Monotonic ms of the last success and of the last attempt. */
  private succeededAt = Number.NEGATIVE_INFINITY;
  private attemptedAt = Number.NEGATIVE_INFINITY;
  private failed = false;
  private looking: Promise<void> | undefined;

  constructor(private readonly options: RemoteKeysOptions) {}

  async find(kid: string): Promise<CryptoKey | undefined> {
    const known = this.keys?.get(kid);
    if (known) {
      if (this.age() > (this.options.freshMs ?? 300_000)) void this.look();
      return known;
    }
    await this.look();
    const found = this.keys?.get(kid);
    if (!found && (this.keys === undefined || this.failed)) throw fail('dependency.unavailable');
    return found;
  }

  state(): ReturnType<KeySource['state']> {
    if (this.keys === undefined) {
      void this.look();
      return { status: 'unavailable', message: 'The public keys of the auth service are not known yet.' };
    }
    return this.failed
      ? { status: 'degraded', message: 'The auth service does not answer; its known keys are used.' }
      : { status: 'ok' };
  }

  private age(): number {
    return this.options.environment.clock.monotonic() - this.succeededAt;
  }

  /** One look at a time, and none too soon after the last. Never rejects. */
  private look(): Promise<void> {
    if (this.looking) return this.looking;
    const now = this.options.environment.clock.monotonic();
    const pauseMs = this.options.pauseMs ?? 10_000;
    if (now - this.attemptedAt < (this.failed || !this.keys ? pauseMs / 10 : pauseMs))
      return Promise.resolve();
    this.attemptedAt = now;
    this.looking = this.load().finally(() => (this.looking = undefined));
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
    const usable = keys.flatMap((key) => {
      const parsed = z.safeParse(ed25519Schema, key);
      return parsed.success ? [{ ...parsed.data, alg: 'EdDSA' as const, use: 'sig' as const }] : [];
    });
    if (usable.length === 0) throw new Error('the JWKS holds no Ed25519 key');
    return importKeys({ keys: usable });
  }
}
