import type { Queue, Work } from '@state-server/queue-port';
import { until } from '@state-server/testing';

export interface QueueFixture {
  /** Two links to the same queue, as of two processes. */
  readonly first: Queue;
  readonly second: Queue;
  /** Attempts for one piece of work, as both are set up. */
  readonly attempts: number;
  /** The queue's server goes and comes back without anything that it held. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** What every queue promises; an adapter's spec only says how to open one. */
export function describeQueueContract(name: string, open: () => Promise<QueueFixture>): void {
  describe(`${name} keeps the queue contract`, () => {
    let queues: QueueFixture;
    beforeEach(async () => {
      queues = await open();
    });
    afterEach(() => queues.close());

    it('hands each piece of work to one of the processes, with its payload (QUEUE-1)', async () => {
      const done: string[] = [];
      const handler = (work: Work): Promise<void> => {
        done.push(`${work.id} ${JSON.stringify(work.payload)} ${work.attempt}`);
        return Promise.resolve();
      };
      queues.first.process(handler);
      queues.second.process(handler);
      for (let index = 0; index < 20; index += 1) await queues.first.enqueue(`job-${index}`, { index });
      await until(() => done.length >= 20);
      expect(new Set(done).size).toBe(20);
      expect(done).toContain('job-7 {"index":7} 1');
    });

    it('keeps one of two pieces of the same id that wait at the same time (QUEUE-1)', async () => {
      await queues.first.enqueue('twin', { from: 'first' });
      await queues.second.enqueue('twin', { from: 'second' });
      await queues.first.enqueue('last', {});
      const done: string[] = [];
      queues.first.process((work) => {
        done.push(work.id);
        return Promise.resolve();
      });
      await until(() => done.includes('last'));
      expect(done).toEqual(['twin', 'last']);
    });

    it('takes the same id again once the first is done', async () => {
      const done: string[] = [];
      queues.first.process((work) => {
        done.push(work.id);
        return Promise.resolve();
      });
      await queues.first.enqueue('again', {});
      await until(() => done.length === 1);
      await until(async () => {
        await queues.first.enqueue('again', {});
        return done.length >= 2;
      });
    });

    it('tries again what failed, and says which attempt it is (QUEUE-1)', async () => {
      const attempts: number[] = [];
      queues.first.process((work) => {
        attempts.push(work.attempt);
        return work.attempt < 3 ? Promise.reject(new Error('not yet')) : Promise.resolve();
      });
      await queues.first.enqueue('stubborn', {});
      await until(() => attempts.length === 3);
      expect(attempts).toEqual([1, 2, 3]);
    });

    it('takes the same id again once the first has failed for good: what asked for it still waits (F1)', async () => {
      let fails = true;
      const attempts: number[] = [];
      queues.first.process((work) => {
        attempts.push(work.attempt);
        return fails ? Promise.reject(new Error('the store is away')) : Promise.resolve();
      });
      await queues.first.enqueue('needed', {});
      await until(() => attempts.length === queues.attempts);
      fails = false;
      await until(async () => {
        await queues.first.enqueue('needed', {});
        return attempts.length > queues.attempts;
      });
      expect(attempts.at(-1)).toBe(1);
    });

    it('says when its link stands again: what was set may be gone (F1)', async () => {
      let told = 0;
      queues.first.onConnected(() => (told += 1));
      expect(told).toBe(0);
      await queues.restart();
      await until(() => told === 1);
      expect(queues.first.connected).toBe(true);
    });

    it('runs a schedule again and again, though two processes set it', async () => {
      const done: string[] = [];
      const handler = (work: Work): Promise<void> => {
        done.push(String(work.payload.from));
        return Promise.resolve();
      };
      await queues.first.schedule({ name: 'tick', everyMs: 50 }, { from: 'schedule' });
      await queues.second.schedule({ name: 'tick', everyMs: 50 }, { from: 'schedule' });
      queues.first.process(handler);
      await until(() => done.length >= 3);
      expect(new Set(done)).toEqual(new Set(['schedule']));
    });

    it('tells the work in hand to stop when it closes, and waits for it', async () => {
      let aborted = false;
      let finished = false;
      let started = false;
      queues.second.process(async (work) => {
        started = true;
        await until(() => work.signal.aborted);
        aborted = true;
        finished = true;
      });
      await queues.first.enqueue('long', {});
      await until(() => started);
      await queues.second.close();
      expect({ aborted, finished }).toEqual({ aborted: true, finished: true });
    });
  });
}
