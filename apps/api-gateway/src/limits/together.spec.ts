import { createRedisDebts } from '@state-server/limits-redis';
import { Limiter } from '@state-server/platform';
import { redisProgram, type RedisServer, startRedisServer, until } from '@state-server/testing';
import { type Caller, startTestGateway, type TestGateway } from '../gateway.spec-support';

/** Its points come back so slowly that none does while the test runs. */
const QUOTA = { points: 40, seconds: 36_000 };

async function startPair(redis: RedisServer) {
  const together: boolean[] = [false, false];
  const closers: (() => void)[] = [];
  const open = (index: number, tokens?: TestGateway['tokens']): Promise<TestGateway> =>
    startTestGateway({
      quotas: { read: QUOTA },
      ...(tokens && { tokens }),
      limiter: (environment) => {
        const shared = createRedisDebts({ url: redis.url });
        const limiter = new Limiter({
          ...environment,
          shared,
          onShared: (now) => (together[index] = now),
        });
        closers.push(() => {
          limiter.close();
          shared.close();
        });
        return limiter;
      },
    });
  const first = await open(0);
  const second = await open(1, first.tokens);
  const close = async (): Promise<void> => {
    for (const end of closers) end();
    await first.close();
    await second.close();
  };
  return { first, second, together, close };
}

/** Reads at both gateways in turn, until both refuse; how many were let through at each. */
async function exhaust(user: Caller, other: TestGateway): Promise<[number, number]> {
  const at = [user, user.at(other)] as const;
  const through: [number, number] = [0, 0];
  const refused = [false, false];
  for (let count = 0; !refused[0] || !refused[1]; count += 1) {
    const index = count % 2 === 0 ? 0 : 1;
    const answer = await at[index].ask('GET', '/users/me');
    if (answer.status === 429) refused[index] = true;
    else through[index] += 1;
    if (count > 4 * QUOTA.points) throw new Error('nobody refuses');
  }
  return through;
}

if (!redisProgram()) {
  it.skip('limits of two gateways (neither redis-server nor valkey-server is installed)', () => undefined);
} else {
  describe('limits of two gateways', () => {
    it('are one limit while Redis is there, and one of each while it is away (LIMIT-2, LIMIT-4)', async () => {
      const redis = await startRedisServer();
      const pair = await startPair(redis);
      try {
        // A first request of anybody makes the link; before it stands, each is alone.
        const early = await pair.first.user('Early');
        await until(async () => {
          await early.ask('POST', '/websocket/ticket');
          await early.at(pair.second).ask('POST', '/websocket/ticket');
          return pair.together.every(Boolean);
        });
        const [here, there] = await exhaust(await pair.first.user('Ada'), pair.second);
        expect(here + there).toBeGreaterThanOrEqual(QUOTA.points);
        expect(here + there).toBeLessThanOrEqual(QUOTA.points * (1 + 1 / 8) + 2);
        await redis.stop();
        const alone = await exhaust(await pair.first.user('Bob'), pair.second);
        expect(alone).toEqual([QUOTA.points, QUOTA.points]);
        expect(pair.together).toEqual([false, false]);
        await redis.start();
        await until(async () => {
          await early.ask('POST', '/websocket/ticket');
          await early.at(pair.second).ask('POST', '/websocket/ticket');
          return pair.together.every(Boolean);
        });
        const [after, also] = await exhaust(await pair.first.user('Carol'), pair.second);
        expect(after + also).toBeLessThanOrEqual(QUOTA.points * (1 + 1 / 8) + 2);
      } finally {
        await pair.close();
        await redis.dispose();
      }
    });
  });
}
