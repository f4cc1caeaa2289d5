import type { SharedDebts } from '@state-server/limits-port';
import { redisProgram, type RedisServer, startRedisServer, until } from '@state-server/testing';
import { createRedisDebts } from './redis-debts';

if (!redisProgram()) {
  it.skip('debts in Redis (neither redis-server nor valkey-server is installed)', () => undefined);
} else {
  describe('debts in Redis (LIMIT-2)', () => {
    let server: RedisServer;
    const open: SharedDebts[] = [];
    const opened = async (): Promise<SharedDebts> => {
      const debts = createRedisDebts({ url: server.url });
      open.push(debts);
      await until(async () =>
        debts
          .add([])
          .then(() => debts.add([spent('probe', 0)]))
          .then(
            () => true,
            () => false,
          ),
      );
      return debts;
    };
    const spent = (key: string, addMs: number, windowMs = 3_600_000) => ({ key, addMs, windowMs });
    beforeAll(async () => {
      server = await startRedisServer();
    });
    afterAll(async () => {
      for (const debts of open) debts.close();
      await server.dispose();
    });

    it('are what all processes have added, and no more than twice the window', async () => {
      const [one, two] = [await opened(), await opened()];
      const [first] = await one.add([spent('u', 600_000)]);
      const [second] = await two.add([spent('u', 300_000)]);
      expect(first).toBeCloseTo(600_000, -1);
      expect(second).toBeGreaterThan(890_000);
      expect(second).toBeLessThanOrEqual(900_000);
      expect(await two.add([spent('u', 1e12), spent('other', 0)])).toEqual([7_200_000, 0]);
    });

    it('are answered in their order, however many keys there are', async () => {
      const debts = await opened();
      const many = Array.from({ length: 1_234 }, (_, index) =>
        spent(`many-${index}`, 10_000 * (index + 1), 1e9),
      );
      const answers = await debts.add(many);
      expect(answers).toHaveLength(many.length);
      expect(answers.every((debt, index) => Math.abs(debt - 10_000 * (index + 1)) < 5_000)).toBe(true);
    });

    it('leave nothing behind once they are paid (LIMIT-5)', async () => {
      const debts = await opened();
      expect((await debts.add([spent('short', 30)]))[0]).toBeGreaterThan(0);
      await until(async () => (await debts.add([spent('short', 0)]))[0] === 0);
    });

    it('are refused while Redis is away, and begin anew with one that comes back empty', async () => {
      const debts = await opened();
      await debts.add([spent('u2', 600_000)]);
      await server.stop();
      await expect(debts.add([spent('u2', 1_000)])).rejects.toThrow();
      await server.start();
      await until(async () =>
        debts.add([spent('u2', 0)]).then(
          () => true,
          () => false,
        ),
      );
      expect(await debts.add([spent('u2', 0)])).toEqual([0]);
    });
  });
}
