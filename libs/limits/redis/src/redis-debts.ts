import { Redis } from 'ioredis';
import type { SharedDebts, Spending } from '@state-server/limits-port';

/** Raised with the form of what is kept. */
const PREFIX = 'state:limit:1:';
/** Keys of one call: Redis does nothing else meanwhile. */
const KEYS_PER_CALL = 500;

/**
 * For each key: the moment at which its debt is paid off, on the clock of Redis alone; a key is gone once that is over.
 * KEYS: the keys. ARGV: for each what it adds and its window, in ms. Answers the debts, as text.
 */
const ADD = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local debts = {}
for index, key in ipairs(KEYS) do
  local add, window = tonumber(ARGV[index * 2 - 1]), tonumber(ARGV[index * 2])
  local paid = tonumber(redis.call('GET', key) or '0')
  local debt = math.min(2 * window, math.max(0, paid - now) + add)
  if debt >= 1 then
    redis.call('SET', key, string.format('%.3f', now + debt), 'PX', math.ceil(debt))
  end
  debts[index] = string.format('%.3f', debt)
end
return debts`;

export interface RedisDebtsOptions {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Milliseconds for one round trip; default 500. */
  readonly deadlineMs?: number;
}

/** ioredis sends a script by its digest, and whole to a server that does not know it yet. */
type Scripted = Redis & { addDebts(keys: number, ...args: readonly (string | number)[]): Promise<unknown> };

/** Debts in Redis: one round trip for all keys that were touched. */
export function createRedisDebts({ url, deadlineMs = 500 }: RedisDebtsOptions): SharedDebts {
  const redis = new Redis(url, {
    commandTimeout: deadlineMs,
    connectTimeout: 1_000,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt: number) => Math.min(1_000, 25 * 2 ** Math.min(attempt, 6)),
  });
  // Each failed attempt to connect comes here; a command that finds no link fails by itself.
  redis.on('error', () => undefined);
  redis.defineCommand('addDebts', { lua: ADD });
  const scripted = redis as Scripted;
  return {
    add: async (spendings) => {
      const calls: Promise<readonly number[]>[] = [];
      for (let from = 0; from < spendings.length; from += KEYS_PER_CALL) {
        calls.push(add(scripted, spendings.slice(from, from + KEYS_PER_CALL)));
      }
      return (await Promise.all(calls)).flat();
    },
    close: () => redis.disconnect(),
  };
}

async function add(redis: Scripted, spendings: readonly Spending[]): Promise<readonly number[]> {
  const keys = spendings.map(({ key }) => PREFIX + key);
  const args = spendings.flatMap(({ addMs, windowMs }) => [addMs.toFixed(3), windowMs]);
  const answer = await redis.addDebts(keys.length, ...keys, ...args);
  if (!Array.isArray(answer) || answer.length !== keys.length) throw new TypeError('Redis answers no debts');
  return answer.map(Number);
}
