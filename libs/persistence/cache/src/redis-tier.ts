import { Redis } from 'ioredis';
import type { Place } from '@state-server/persistence-port';
import { decodeCbor, encodeCbor, FROM_SERVER } from '@state-server/protocol';
import type { There } from './local-tier';

/** Raised with the form of what is kept: what another version has written is not found. */
const PREFIX = 'state:cache:1:';
/** After a failure Redis is left alone for so long: nobody waits for it in vain twice. */
const REST_MS = 1_000;

/**
 * Keeps an entry unless what is there is newer, for a late writer must not put an older value back. Without a value: a
 * fence, which says how far the scope has come.
 * KEYS: the entry. ARGV: scope, epoch, seq, 1 with a value, value, life in ms. Answers 1 when it was kept.
 */
const OFFER = `
local at = redis.call('HMGET', KEYS[1], 's', 'e', 'q')
if at[1] == ARGV[1] and at[2] == ARGV[2] then
  local here, there = tonumber(at[3]), tonumber(ARGV[3])
  if there < here then return 0 end
  if there == here and ARGV[4] == '0' then return 1 end
end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 's', ARGV[1], 'e', ARGV[2], 'q', ARGV[3])
if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'v', ARGV[5]) end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return 1`;

export interface RedisTierOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Milliseconds for each command; the store is asked instead when they are over. */
  readonly deadlineMs: number;
  /** Monotonic ms. */
  readonly now: () => number;
  readonly onFailure: (reason: string) => void;
}

/** What another process has read, and for how many ms more it may be trusted. */
export interface Shared {
  readonly entry: There;
  readonly leftMs: number;
}

/** ioredis sends a script by its digest, and whole to a server that does not know it yet. */
type Scripted = Redis & { offer(...args: readonly (string | Buffer)[]): Promise<unknown> };

/** The second tier, shared by all processes. Away it is passed over; nothing waits for it longer than its deadline. */
export class RedisTier {
  private readonly redis: Scripted;
  private restUntil = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: RedisTierOptions) {
    const redis = new Redis(options.url, {
      commandTimeout: options.deadlineMs,
      connectTimeout: 1_000,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt: number) => Math.min(1_000, 25 * 2 ** Math.min(attempt, 6)),
    });
    // Each failed attempt to connect comes here; a command that finds no link fails by itself.
    redis.on('error', () => undefined);
    redis.defineCommand('offer', { numberOfKeys: 1, lua: OFFER });
    this.redis = redis as Scripted;
  }

  get isAway(): boolean {
    return this.redis.status !== 'ready' || this.options.now() < this.restUntil;
  }

  /** Never rejects. */
  async get(key: string): Promise<Shared | undefined> {
    const [fields, leftMs] = (await this.guarded(() => this.fieldsAndLife(PREFIX + key))) ?? [];
    if (!Array.isArray(fields) || typeof leftMs !== 'number') return undefined;
    const [scope, epoch, seq, value] = fields as readonly (Buffer | null)[];
    if (!scope || !epoch || !seq || !value) return undefined;
    const place: Place = { scope: scope.toString(), epoch: epoch.toString(), seq: Number(seq.toString()) };
    const decoded = decodeOrNothing(value);
    return decoded && { entry: { kind: 'there', place, value: decoded.value }, leftMs };
  }

  /** Resolves to false when something newer is there; never rejects. */
  async offer(key: string, { value, place }: There, lifeMs: number): Promise<boolean> {
    return this.send(key, place, Buffer.from(encodeCbor([value])), lifeMs);
  }

  /** Whatever is older than this place is not served any more. */
  async fence(key: string, place: Place, lifeMs: number): Promise<void> {
    await this.send(key, place, undefined, lifeMs);
  }

  close(): void {
    this.redis.disconnect();
  }

  private async fieldsAndLife(key: string): Promise<readonly unknown[]> {
    const answers = await this.redis.pipeline().hmgetBuffer(key, 's', 'e', 'q', 'v').pttl(key).exec();
    return (answers ?? []).map(([error, answer]) => {
      if (error) throw error;
      return answer;
    });
  }

  private async send(
    key: string,
    { scope, epoch, seq }: Place,
    value: Buffer | undefined,
    lifeMs: number,
  ): Promise<boolean> {
    const life = Math.max(1, Math.round(lifeMs));
    const args = [PREFIX + key, scope, epoch, String(seq), value ? '1' : '0', value ?? '', String(life)];
    const kept = await this.guarded(() => this.redis.offer(...args));
    return kept !== 0;
  }

  private async guarded<T>(work: () => Promise<T>): Promise<T | undefined> {
    if (this.isAway) return undefined;
    try {
      return await work();
    } catch (error) {
      this.restUntil = this.options.now() + REST_MS;
      this.options.onFailure(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }
}

/** In a list of one, so that a value that is `undefined` is told from one that cannot be read. */
function decodeOrNothing(bytes: Uint8Array): { readonly value: unknown } | undefined {
  try {
    const [value] = decodeCbor(bytes, FROM_SERVER) as readonly unknown[];
    return { value };
  } catch {
    return undefined;
  }
}
