import { asUserId, type Timers } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { JobDoc } from '@state-server/persistence-port';
import type { CallbackRequest } from '@state-server/protocol';
import { createFakeEnvironment } from '@state-server/testing';
import { recordCallback } from './record-callback';
import { ReplayMemory } from './replay-memory';

const storeTimers: Timers = {
  set: (ms, task) => setTimeout(task, Math.min(ms, 5)),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

const QUEUED: JobDoc = {
  id: 'job-1',
  type: 'model.preview.v1',
  user_id: asUserId('u'),
  state: 'queued',
  attempt: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
};

async function world(job: Partial<JobDoc> = {}) {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment: { ...environment, timers: storeTimers } });
  await store.transact({ label: 'test' }, async (tx) => tx.put('jobs', { ...QUEUED, ...job }));
  let webhook = 0;
  return {
    environment,
    record: (report: Partial<CallbackRequest> = {}, type = QUEUED.type) => {
      webhook += 1;
      const base = {
        job_id: 'job-1',
        attempt: 1,
        event: 'started',
        worker: 'w-1',
        state: 'running',
      } as const;
      return recordCallback(
        { store, clock: environment.clock },
        { type, webhook_id: `msg_${webhook}`, report: { ...base, ...report } },
      );
    },
    job: () => store.read({ label: 'test' }, (tx) => tx.get('jobs', ['job-1'])),
    events: () =>
      store.read({ label: 'test' }, (tx) => tx.range('callback_events', { prefix: [], limit: 100 })),
  };
}

const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
const DONE = { event: 'finished', state: 'succeeded', result: { bytes: 7 } } as const;

describe('what a worker reports (CB2–CB3)', () => {
  it('moves the job on', async () => {
    const { record, job, environment } = await world();
    await environment.advance(1_000);
    expect(await record()).toEqual({ duplicate: false });
    expect(await job()).toMatchObject({
      state: 'running',
      worker: 'w-1',
      updated_at: '2026-01-01T00:00:01.000Z',
    });
    await record(DONE);
    expect(await job()).toMatchObject({ state: 'succeeded', result: { bytes: 7 } });
  });

  it('counts once for ever by job, attempt and event, under whatever message id it comes again', async () => {
    const { record, job, events, environment } = await world();
    await record();
    await record(DONE);
    await environment.advance(365 * 24 * 60 * 60_000);
    expect(await record()).toEqual({ duplicate: true });
    expect(await record({ ...DONE, result: { bytes: 8 } })).toEqual({ duplicate: true });
    expect(await job()).toMatchObject({ state: 'succeeded', result: { bytes: 7 } });
    expect(await events()).toHaveLength(2);
  });

  it('counts once when 20 twins come at the same time', async () => {
    const { record, events } = await world();
    const answers = await Promise.all(Array.from({ length: 20 }, () => record()));
    expect(answers.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await events()).toHaveLength(1);
  });

  it('is all recorded when different events come at the same time', async () => {
    const { record, events } = await world();
    await Promise.all(Array.from({ length: 10 }, (_, index) => record({ event: `progress ${index}` })));
    expect(await events()).toHaveLength(10);
  });

  it('about a job that nobody knows, or that is of another type, is unknown and leaves nothing', async () => {
    const { record, events } = await world();
    await expect(record({ job_id: 'job-2' })).rejects.toEqual(coded('callback.job_unknown'));
    await expect(record({}, 'model.other.v1')).rejects.toEqual(coded('callback.job_unknown'));
    expect(await events()).toEqual([]);
  });

  it.each<[string, Partial<JobDoc>, Partial<CallbackRequest>]>([
    ['an earlier attempt', { attempt: 2 }, { attempt: 1 }],
    ['a job that has succeeded', { state: 'succeeded' }, { attempt: 2 }],
    ['a job that was cancelled', { state: 'cancelled' }, {}],
    ['an attempt that has failed', { state: 'failed' }, {}],
    ['an attempt that another worker has', { state: 'running', worker: 'w-2' }, {}],
  ])('about %s comes too late', async (_name, job, report) => {
    const { record, events } = await world(job);
    await expect(record(report)).rejects.toEqual(coded('callback.superseded'));
    expect(await events()).toEqual([]);
  });

  it('about a later attempt takes the job over, after a failure too', async () => {
    const { record, job } = await world({ state: 'failed', worker: 'w-1' });
    await record({ attempt: 2, worker: 'w-2' });
    expect(await job()).toMatchObject({ state: 'running', attempt: 2, worker: 'w-2' });
  });
});

describe('messages that are remembered (CB4)', () => {
  const body = Uint8Array.of(1, 2, 3);

  it('are known again by id and body, for 10 minutes', async () => {
    const environment = createFakeEnvironment();
    const memory = new ReplayMemory(environment.clock);
    memory.remember('m', body, 'job-1');
    expect(memory.find('m', Uint8Array.from(body))).toBe('job-1');
    expect(memory.find('m', Uint8Array.of(1))).toBeUndefined();
    expect(memory.find('n', body)).toBeUndefined();
    await environment.advance(600_000);
    expect(memory.find('m', body)).toBeUndefined();
  });

  it('do not pile up', () => {
    const environment = createFakeEnvironment();
    const memory = new ReplayMemory(environment.clock);
    for (let index = 0; index <= 50_000; index += 1) memory.remember(`m${index}`, body, 'job-1');
    expect(memory.find('m0', body)).toBeUndefined();
    expect(memory.find('m1', body)).toBe('job-1');
  });
});
