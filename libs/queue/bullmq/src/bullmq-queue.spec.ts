import { describeQueueContract } from '@state-server/queue-contract';
import { redisProgram, startRedisServer, until } from '@state-server/testing';
import { createBullMqQueue } from './bullmq-queue';

if (!redisProgram()) {
  it.skip('the queue on BullMQ (neither redis-server nor valkey-server is installed)', () => undefined);
} else {
  describeQueueContract('the queue on BullMQ', async () => {
    const server = await startRedisServer();
    const options = { url: server.url, name: 'work', backoffMs: 20, attempts: 3 };
    const first = createBullMqQueue(options);
    const second = createBullMqQueue(options);
    await until(() => first.connected && second.connected);
    return {
      first,
      second,
      attempts: options.attempts,
      restart: async () => {
        await server.stop();
        await server.start();
      },
      close: async () => {
        await first.close();
        await second.close();
        await server.dispose();
      },
    };
  });

  it('says at once that it cannot take work while Redis is away, and takes it when Redis is back (F2, QUEUE-2)', async () => {
    const server = await startRedisServer();
    const queue = createBullMqQueue({ url: server.url, name: 'work', deadlineMs: 300 });
    const done: string[] = [];
    try {
      await until(() => queue.connected);
      queue.process((work) => {
        done.push(work.id);
        return Promise.resolve();
      });
      await server.stop();
      await until(() => !queue.connected);
      await expect(queue.enqueue('lost', {})).rejects.toThrow();
      await server.start();
      await until(() => queue.connected);
      await queue.enqueue('found', {});
      await until(() => done.includes('found'));
    } finally {
      await queue.close();
      await server.dispose();
    }
  });
}
