import { KvConflict, type KvChanges } from '@state-server/persistence-records';
import { CommitQueue, type CommitEvents } from './commit-queue';
import type { LmdbDatabase } from './environment-file';
import { isFatal } from './failure';

const bytes = (text: string): Buffer => Buffer.from(text.padEnd(8, '.'));
const put = (key: string, value: string): KvChanges => ({
  label: `put ${key}`,
  guards: [key],
  writes: new Map([[key, bytes(value)]]),
  bytes: 16,
});
const unseen = (key: string): { key: string; value: undefined }[] => [{ key, value: undefined }];

/** A database whose commits end when the test says so; `fail` is what the next ones end with. */
class SlowDatabase {
  readonly data = new Map<string, Buffer>();
  readonly fail: Error[] = [];
  commits = 0;
  private readonly flushes: (() => void)[] = [];

  getBinaryFast(key: string): Buffer | undefined {
    return this.data.get(key);
  }

  putSync(key: string, value: Buffer): void {
    this.data.set(key, value);
  }

  removeSync(key: string): void {
    this.data.delete(key);
  }

  async childTransaction(callback: () => void): Promise<void> {
    this.commits += 1;
    const before = new Map(this.data);
    callback();
    await new Promise<void>((resolve) => this.flushes.push(resolve));
    const error = this.fail.shift();
    if (!error) return;
    this.data.clear();
    before.forEach((value, key) => this.data.set(key, value));
    throw error;
  }

  async flush(): Promise<void> {
    this.flushes.shift()?.();
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

describe('group commit', () => {
  let database: SlowDatabase;
  let queue: CommitQueue;
  let events: string[];

  beforeEach(() => {
    database = new SlowDatabase();
    events = [];
    const heard: CommitEvents = {
      succeeded: () => events.push('succeeded'),
      repeated: (_, attempt) => events.push(`repeated ${attempt}`),
      failed: (reason) => new Error(`failed: ${String(reason)}`),
    };
    queue = new CommitQueue(database as unknown as LmdbDatabase, heard);
  });

  it('shares one flush among all that came while the last one was under way (STORE-4)', async () => {
    const first = queue.add(unseen('a'), put('a', '1'));
    const others = ['b', 'c', 'd'].map((key) => queue.add(unseen(key), put(key, '1')));
    await database.flush();
    await first.done;
    await database.flush();
    await Promise.all(others.map(({ done }) => done));
    expect(database.commits).toBe(2);
    await queue.idle();
  });

  it('refuses one of a batch without harm to the others, later ones judged by earlier ones (STORE-5)', async () => {
    const warmUp = queue.add(unseen('x'), put('x', '1'));
    const winner = queue.add(unseen('a'), put('a', 'winner'));
    const loser = queue.add(unseen('a'), put('a', 'loser'));
    const other = queue.add(unseen('b'), put('b', 'other'));
    const refused = expect(loser.done).rejects.toBeInstanceOf(KvConflict);
    await database.flush();
    await database.flush();
    await Promise.all([warmUp.done, winner.done, other.done, refused]);
    expect(database.data.get('a')).toEqual(bytes('winner'));
  });

  it('takes back what waits, and says that it cannot take back what is applied (STORE-11)', async () => {
    const running = queue.add(unseen('a'), put('a', '1'));
    const waiting = queue.add(unseen('b'), put('b', '1'));
    expect(running.withdraw()).toBe('running');
    expect(waiting.withdraw()).toBe('stopped');
    await expect(waiting.done).rejects.toMatchObject({ code: 'deadline' });
    await database.flush();
    await running.done;
    await database.flush();
    await queue.idle();
    expect([...database.data.keys()]).toEqual(['a']);
  });

  it('tries a batch again that LMDB aborted for its own bookkeeping, and applies it once (STORE-17)', async () => {
    database.fail.push(new Error('MDB_BAD_TXN: must abort'), new Error('MDB_NOTFOUND: no pair'));
    const ticket = queue.add(unseen('a'), put('a', '1'));
    for (let turn = 0; turn < 3; turn += 1) await database.flush();
    await ticket.done;
    expect(events).toEqual(['repeated 1', 'repeated 2', 'succeeded']);
    expect(database.data.get('a')).toEqual(bytes('1'));
  });

  it('gives up after four attempts, and at once for another reason (STORE-16)', async () => {
    database.fail.push(...Array.from({ length: 4 }, () => new Error('MDB_BAD_TXN')));
    const first = queue.add(unseen('a'), put('a', '1'));
    const refused = expect(first.done).rejects.toThrow('failed: Error: MDB_BAD_TXN');
    for (let turn = 0; turn < 4; turn += 1) await database.flush();
    await refused;
    database.fail.push(new Error('No space left on device'));
    const second = queue.add(unseen('b'), put('b', '1'));
    const full = expect(second.done).rejects.toThrow('No space left');
    await database.flush();
    await full;
    expect(database.commits).toBe(5);
    expect(database.data.size).toBe(0);
  });

  it('tells the reason behind a failed commit, which comes in a second rejection (STORE-16)', async () => {
    const reason = Promise.reject(new Error('File too large'));
    database.fail.push(Object.assign(new Error('Commit failed'), { commitError: reason }));
    const ticket = queue.add(unseen('a'), put('a', '1'));
    const refused = expect(ticket.done).rejects.toThrow('File too large');
    await database.flush();
    await refused;
  });

  it('knows what ends a process: a panic, not a full disk (STORE-16)', () => {
    expect(isFatal(new Error('MDB_PANIC: Update of meta page failed'))).toBe(true);
    expect(isFatal(new Error('No space left on device'))).toBe(false);
  });
});
