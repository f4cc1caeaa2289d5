/* A process that has the store open beside others, for the specs: what it does stands in its arguments. */
import { randomUUID } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import type { Environment } from '@state-server/domain';
import { StoreError, type Store } from '@state-server/persistence-port';
import { openLmdbStore } from '../lmdb-store';

const environment: Environment = {
  clock: { now: () => Date.now(), monotonic: () => performance.now() },
  ids: { uuid: () => randomUUID() },
  random: { next: () => Math.random() },
  timers: {
    set: (ms, task) => setTimeout(task, ms),
    clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
  },
};

const PATIENT = { label: 'child', maxRetries: 10_000, deadlineMs: 60_000 };
const FRAME_BYTES = 150_000;

const report = (message: object): void => void process.send?.(message);

/** Adds one to a shared counter, `times` times. */
async function count(store: Store, key: string, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    await store.transact(PATIENT, async (tx) => {
      const found = await tx.get('meta', [key]);
      tx.put('meta', { key, value: Number(found?.value ?? 0) + 1 });
    });
  }
}

/** Writes the next number to several records at once, one of them chunked, for ever; reports what is acknowledged. */
async function writeForEver(store: Store, lane: string): Promise<void> {
  for (;;) {
    const number = await store.transact(PATIENT, async (tx) => {
      const next = Number((await tx.get('meta', [`${lane} left`]))?.value ?? 0) + 1;
      tx.put('meta', { key: `${lane} left`, value: next });
      tx.put('meta', { key: `${lane} large`, value: new Uint8Array(FRAME_BYTES).fill(next % 256) });
      tx.put('meta', { key: `${lane} right`, value: next });
      tx.delete('meta', [`${lane} at ${next - 1}`]);
      tx.put('meta', { key: `${lane} at ${next}`, value: next });
      return next;
    });
    report({ lane, number });
  }
}

/** Writes until the disk (here: the limit on the size of a file) is full, looks around, and goes on with more room. */
async function fill(store: Store): Promise<void> {
  const put = (key: string, bytes: number): Promise<void> =>
    store.transact({ label: 'child.fill' }, async (tx) =>
      tx.put('meta', { key, value: new Uint8Array(bytes) }),
    );
  const codeOf = (run: Promise<unknown>): Promise<string> =>
    run.then(
      () => 'fine',
      (error: unknown) => (error instanceof StoreError ? error.code : String(error)),
    );
  let written = 0;
  let code = 'fine';
  while (code === 'fine' && written < 1_000) {
    code = await codeOf(put(`filler ${written}`, 90_000));
    if (code === 'fine') written += 1;
  }
  const kept = await store.read({ label: 'child.look' }, (tx) =>
    tx.range('meta', { prefix: [], limit: 1_000 }),
  );
  execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited']);
  const after = { ready: await codeOf(store.check()), put: await codeOf(put('more', 90_000)) };
  report({ code, written, kept: kept.filter(({ key }) => key.startsWith('filler')).length, after });
}

async function main([task, path = '', name = '', times = '']: readonly string[]): Promise<void> {
  const unhandled: unknown[] = [];
  process.on('unhandledRejection', (reason) => unhandled.push(String(reason)));
  const store = await openLmdbStore({ path, environment });
  report({ ready: true });
  switch (task) {
    case 'count':
      await count(store, name, Number(times));
      break;
    case 'write':
      await Promise.all(['a', 'b', 'c', 'd'].map((lane) => writeForEver(store, `${name} ${lane}`)));
      break;
    case 'fill':
      await fill(store);
      break;
    default:
      throw new Error(`no such task: ${String(task)}`);
  }
  await store.close();
  report({ unhandled });
  process.disconnect();
}

void main(process.argv.slice(2));
