import type { KvChanges } from '@state-server/persistence-records';
import { KNOWN_CODES, type Meaning, meaningOf } from './error-codes';
import { NO_METRICS } from './metrics';
import { scriptedKv, scriptedStore } from './testing/open-scripted.spec-support';

/*
 * Every class of error at every call: what the record layer and its callers are told. On the double: proves the error
 * handling, not the store.
 */

const CODES = [...KNOWN_CODES, 1004, 2000, 2017, 9999];
const withMeaning = (call: 'snapshot' | 'read' | 'commit', ...meanings: Meaning[]): number[] =>
  CODES.filter((code) => meanings.includes(meaningOf(code, call)));

const LABEL = { label: 'spec' };
const KEY = 'a';
const write = (value: string): KvChanges => ({
  label: 'spec',
  guards: [KEY],
  writes: new Map([[KEY, Buffer.from(value)]]),
  bytes: 2,
});

/** What FoundationDB itself says of its errors: fdb_error_predicate of bindings/c/fdb_c.cpp, 7.3. */
const RETRYABLE_NOT_COMMITTED = [1020, 1007, 1009, 1038, 1078, 1042, 1051, 1037, 1213, 1223];
const MAYBE_COMMITTED = [1021, 1039];

describe('the table of errors', () => {
  it('agrees with FoundationDB about what was not committed and what may have been (STORE-32)', () => {
    for (const code of RETRYABLE_NOT_COMMITTED)
      expect(['conflict', 'fresh', 'away']).toContain(meaningOf(code, 'commit'));
    for (const code of MAYBE_COMMITTED) expect(meaningOf(code, 'commit')).toBe('unknown');
  });

  it('takes a commit that ended with an error it does not know for one that may have happened (STORE-32)', () => {
    for (const code of [1, 1004, 2000, 2017, 9999]) expect(meaningOf(code, 'commit')).toBe('unknown');
  });
});

describe('an error while a snapshot is taken, on a scripted double', () => {
  it.each(withMeaning('snapshot', 'again'))(
    '%i is asked again, and nobody hears of it (STORE-32)',
    async (code) => {
      const asked: number[] = [];
      const { binding, store } = await scriptedStore({
        metrics: { ...NO_METRICS, askedAgain: (it) => asked.push(it) },
      });
      binding.next('getReadVersion', { code }, { code });
      await expect(store.read(LABEL, (tx) => tx.get('meta', ['a']))).resolves.toBeUndefined();
      expect(asked).toEqual([code, code]);
      await store.close();
    },
  );

  it.each(withMeaning('snapshot', 'away', 'fatal', 'too_large', 'unknown'))(
    '%i is told to the caller at once: nothing was written (STORE-32)',
    async (code) => {
      const { binding, kv } = scriptedKv();
      binding.next('getReadVersion', { code });
      const tx = await kv.begin();
      await expect(tx.get(KEY)).rejects.toMatchObject({
        name: 'StoreError',
        code: meaningOf(code, 'snapshot') === 'too_large' ? 'too_large' : 'unavailable',
      });
      await expect(tx.commit(write('x'))).rejects.toMatchObject({ name: 'StoreError' });
      tx.abandon();
      expect(binding.cluster.commits).toBe(0);
      await kv.close();
    },
  );
});

describe.each(['get', 'getRange'] as const)('an error of %s, on a scripted double', (call) => {
  const ask = async (kv: ReturnType<typeof scriptedKv>['kv']): Promise<unknown> => {
    const tx = await kv.begin();
    try {
      return call === 'get' ? await tx.get(KEY) : await tx.range('a', 'z', { reverse: false, limit: 9 });
    } finally {
      tx.abandon();
    }
  };

  it.each(withMeaning('read', 'again'))('%i: the same snapshot is asked again (STORE-32)', async (code) => {
    const { binding, kv } = scriptedKv();
    binding.next(call, { code }, { code });
    await expect(ask(kv)).resolves.toEqual(call === 'get' ? undefined : []);
    expect(binding.calls.filter((each) => each === 'getReadVersion')).toHaveLength(1);
    await kv.close();
  });

  it.each(withMeaning('read', 'fresh', 'conflict', 'unknown'))(
    '%i: the attempt is lost for a passing reason (STORE-32)',
    async (code) => {
      const { binding, kv } = scriptedKv();
      binding.next(call, { code });
      await expect(ask(kv)).rejects.toMatchObject({ name: 'KvTransient', final: { code: 'unavailable' } });
      await kv.close();
    },
  );

  it.each(withMeaning('read', 'away', 'fatal'))('%i: `unavailable` (STORE-32)', async (code) => {
    const { binding, kv } = scriptedKv();
    binding.next(call, { code });
    await expect(ask(kv)).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    await kv.close();
  });
});

describe('an error of a commit, on a scripted double', () => {
  const commit = async (kv: ReturnType<typeof scriptedKv>['kv']): Promise<void> => {
    const tx = await kv.begin();
    await tx.commit(write('x')).finally(() => tx.abandon());
  };

  it.each(withMeaning('commit', 'conflict'))('%i is a conflict (STORE-32)', async (code) => {
    const { binding, kv } = scriptedKv();
    binding.next('commit', { code });
    await expect(commit(kv)).rejects.toMatchObject({ name: 'KvConflict' });
    await kv.close();
  });

  it.each(withMeaning('commit', 'again', 'fresh'))('%i is a passing reason (STORE-32)', async (code) => {
    const { binding, kv } = scriptedKv();
    binding.next('commit', { code });
    await expect(commit(kv)).rejects.toMatchObject({ name: 'KvTransient' });
    await kv.close();
  });

  it.each(withMeaning('commit', 'unknown'))('%i leaves the outcome open (STORE-32)', async (code) => {
    const { binding, kv } = scriptedKv();
    binding.next('commit', { code });
    await expect(commit(kv)).rejects.toMatchObject({ name: 'KvOutcomeUnknown' });
    await kv.close();
  });

  it.each(withMeaning('commit', 'too_large', 'away', 'fatal'))(
    '%i: nothing was written, and the caller hears why (STORE-32)',
    async (code) => {
      const { binding, kv } = scriptedKv();
      binding.next('commit', { code });
      await expect(commit(kv)).rejects.toMatchObject({
        name: 'StoreError',
        code: meaningOf(code, 'commit') === 'too_large' ? 'too_large' : 'unavailable',
      });
      await kv.close();
    },
  );

  it.each(
    withMeaning('commit', 'unknown').flatMap((code) => [[code, 'before'] as const, [code, 'after'] as const]),
  )(
    'of a transaction, %i %s it was written: it is done once all the same (STORE-12, STORE-32)',
    async (code, when) => {
      const { binding, store } = await scriptedStore();
      binding.next('commit', { code, when }, { code, when });
      await store.transact(LABEL, async (tx) => {
        const before = Number((await tx.get('meta', ['n']))?.value ?? 0);
        tx.put('meta', { key: 'n', value: before + 1 });
      });
      expect(await store.read(LABEL, (tx) => tx.get('meta', ['n']))).toMatchObject({ value: 1 });
      await store.close();
    },
  );

  it('of another kind, from a bug of ours, is handed on as it is (STORE-32)', async () => {
    const { binding, kv } = scriptedKv();
    binding.next('set', { error: new RangeError('a bug') });
    await expect(commit(kv)).rejects.toThrow(RangeError);
    await kv.close();
  });
});

describe('an error after which the client of this process is of no more use, on a scripted double', () => {
  it.each(withMeaning('read', 'fatal'))('%i ends the process, and is told once (STORE-32)', async (code) => {
    const fatal: unknown[] = [];
    const { binding, kv } = scriptedKv({ onFatal: (error) => fatal.push(error) });
    binding.next('get', { code }, { code });
    for (let times = 0; times < 2; times += 1) {
      const tx = await kv.begin();
      await expect(tx.get(KEY)).rejects.toMatchObject({ code: 'unavailable' });
      tx.abandon();
    }
    expect(fatal).toHaveLength(1);
    await kv.close();
  });
});
