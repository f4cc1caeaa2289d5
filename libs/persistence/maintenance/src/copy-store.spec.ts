import { asBraneId, asEpoch, asObjectId, asUserId } from '@state-server/domain';
import { contractEnvironment } from '@state-server/persistence-contract';
import { createMemoryKv, createMemoryStore, openMemoryStore } from '@state-server/persistence-memory';
import type { LogDoc, Store } from '@state-server/persistence-port';
import { copyStore, type CopyEvent, type CopyReport } from './copy-store';
import { digestCollection, digestOf } from './digest';
import { gatedStore } from './gated-store';
import { openToWriters, readOnlyFlag } from './read-only-mode';

const LABEL = { label: 'spec' };
const AT = '2026-01-01T00:00:00.000Z';
const environment = contractEnvironment();

const open = (): Promise<Store> => openMemoryStore({ environment, kv: createMemoryKv() });

function entry(seq: number, bytes: number): LogDoc {
  return {
    brane_id: asBraneId(`brane ${seq % 3}`),
    seq,
    epoch: asEpoch('epoch'),
    at: AT,
    actor: asUserId('ada'),
    op_id: `op ${seq}` as LogDoc['op_id'],
    kind: 'edit',
    frame: new Uint8Array(bytes).fill(seq),
    inverses: [],
  };
}

/** Some of everything: small, large, with bytes, numbers, absent fields, what has expired, what is the store's own. */
async function filled(store: Store): Promise<Store> {
  for (let seq = 1; seq <= 60; seq += 1) {
    await store.transact(LABEL, async (tx) => {
      tx.put('log', entry(seq, seq % 20 === 0 ? 700_000 : 10 * seq));
      tx.put('members', {
        brane_id: asBraneId(`brane ${seq % 3}`),
        user_id: asUserId(`user ${seq}`),
        role: 'editor',
        since: AT,
      });
      tx.put('space', {
        brane_id: asBraneId('brane 0'),
        level: 1,
        ...{ x: -seq, y: 2 ** 31, z: 0 },
        id: asObjectId(`object ${seq}`),
      });
      tx.put('meta', { key: `fact ${seq}`, value: { big: 2n ** 70n, list: [1.5, null, true], text: 'é𝄞' } });
    });
  }
  const gone = new Date(environment.clock.now() - 1_000).toISOString();
  await store.transact(LABEL, async (tx) => {
    tx.put('revocations', { kind: 'token', value: 'expired', at: AT, expires_at: gone });
    tx.put('revocations', { kind: 'token', value: 'alive', at: AT, expires_at: '9999-01-01T00:00:00.000Z' });
    tx.put('transactions', { id: 'of a process', attempt: 0, expires_at: '9999-01-01T00:00:00.000Z' });
  });
  return store;
}

/** Comparing hundreds of kilobytes byte by byte is what jest is slow at. */
const comparable = (_: string, value: unknown): unknown =>
  value instanceof Uint8Array
    ? Buffer.from(value).toString('base64')
    : typeof value === 'bigint'
      ? `${value}n`
      : value;

const contentOf = async (store: Store): Promise<string> => JSON.stringify(await allOf(store), comparable);

async function allOf(store: Store) {
  return store.read(LABEL, async (tx) => [
    await tx.range('log', { prefix: [], limit: 999 }),
    await tx.range('members', { index: 'by_user', prefix: [], limit: 999 }),
    await tx.range('space', { prefix: [], limit: 999 }),
    await tx.range('meta', { prefix: [], gte: ['fact'], lt: ['facu'], limit: 999 }),
  ]);
}

const copy = (source: Store, target: Store, onEvent: (event: CopyEvent) => void = () => undefined) =>
  copyStore({ source, target, environment, onEvent });

describe('a copy of a store (STORE-24)', () => {
  it('holds all documents, verified by their number and digest; the source stays closed, the target is open', async () => {
    const source = await filled(await open());
    const target = await open();
    const events: CopyEvent[] = [];
    const report = await copy(source, target, (event) => events.push(event));
    expect((await contentOf(target)) === (await contentOf(source))).toBe(true);
    expect(report.digests.log).toMatchObject({ documents: 60 });
    expect(report.digests.revocations).toMatchObject({ documents: 1 });
    expect(report.documents).toBe(60 * 4 + 1);
    expect(await readOnlyFlag(source)).toMatchObject({ token: report.flag.token });
    expect(await readOnlyFlag(target)).toBeUndefined();
    await gatedStore(target).transact(LABEL, async (tx) => tx.put('meta', { key: 'goes', value: 'on' }));
    const own = await target.read(LABEL, (tx) => tx.get('transactions', ['of a process']));
    expect(own).toBeUndefined();
    expect(events[0]).toEqual({ kind: 'begun', documents: 0 });
    expect(events.filter(({ kind }) => kind === 'verified').length).toBeGreaterThan(20);
  });

  it('lets no service write into the target before it is whole, nor into the source', async () => {
    const source = await filled(await open());
    const target = await open();
    const refusals: unknown[] = [];
    const intrude = (store: Store): Promise<unknown> =>
      gatedStore(store)
        .transact(LABEL, async (tx) => tx.put('meta', { key: 'intruder', value: 1 }))
        .catch((error: unknown) => refusals.push(error));
    const intrusions: Promise<unknown>[] = [];
    await copy(source, target, ({ kind }) => {
      if (kind === 'copied') intrusions.push(intrude(source), intrude(target));
    });
    await Promise.all(intrusions);
    expect(refusals.length).toBeGreaterThan(10);
    expect(refusals).toEqual(refusals.map(() => expect.objectContaining({ code: 'read_only' }) as unknown));
  });

  it('is refused where there is data in the target, and has left everything as it was', async () => {
    const [source, target] = [await filled(await open()), await filled(await open())];
    await expect(copy(source, target)).rejects.toThrow('the target is not empty: there are meta in it');
    expect(await readOnlyFlag(source)).toBeUndefined();
    expect(await readOnlyFlag(target)).toBeUndefined();
  });

  it('tells of a document that is not the same, and leaves the target closed', async () => {
    const source = await filled(await open());
    const target = await open();
    let isSpoiled = false;
    const spoil = async (): Promise<void> => {
      await target.transact(LABEL, async (tx) => {
        const found = await tx.get('members', ['brane 1', 'user 1']);
        if (found) tx.put('members', { ...found, role: 'owner' });
      });
    };
    const spoiled: Promise<void>[] = [];
    const run = copy(source, target, (event) => {
      if (isSpoiled || event.kind !== 'copied' || event.collection !== 'space') return;
      isSpoiled = true;
      spoiled.push(spoil());
    });
    await expect(run).rejects.toThrow(/members differs: 60 documents.*60/);
    await Promise.all(spoiled);
    expect(await readOnlyFlag(target)).toMatchObject({ reason: 'a copy into it has not ended' });
  });

  it('knows documents by their content alone', () => {
    const same = { b: new Uint8Array([1, 2]), a: 1, none: undefined };
    expect(digestOf('meta', same)).toEqual(digestOf('meta', { a: 1, b: Buffer.from([1, 2]) }));
    const others = [{ a: '1' }, { a: 1n }, { a: [1] }, { a: null }, { a: { a: 1 } }, { a: 1, b: 1 }, {}];
    const values = [...others, { a: 1 }, { a: Float32Array.of(1) }, { a: new Uint8Array([0, 0, 128, 63]) }];
    expect(new Set(values.map((value) => digestOf('meta', value).value)).size).toBe(values.length);
    expect(digestOf('meta', { key: 'a' }).value).not.toBe(digestOf('jobs', { key: 'a' }).value);
  });
});

describe('a copy that is ended in the middle (STORE-25)', () => {
  it('goes on behind what is durable, at whichever of its transactions it was ended, and ends with the same digests', async () => {
    const source = await filled(await open());
    let left = 0;
    const kv = createMemoryKv({
      faults: {
        beforeCommit: (label) => (label === 'store.copy' && (left -= 1) < 0 ? 'unavailable' : undefined),
      },
    });
    const target = await openMemoryStore({ environment, kv });
    let report: CopyReport | undefined;
    let lives = 0;
    const resumedAt: number[] = [];
    while (!report) {
      // Each life is good for one more transaction of the copy.
      left = 1;
      lives += 1;
      report = await copy(source, target, (event) => {
        if (event.kind === 'resumed') resumedAt.push(event.documents);
      }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'unavailable' });
        return undefined;
      });
    }
    expect(lives).toBeGreaterThan(60);
    expect(resumedAt).toEqual([...resumedAt].sort((one, other) => one - other));
    const there = createMemoryStore({ environment, kv });
    expect((await contentOf(there)) === (await contentOf(source))).toBe(true);
    const whole = await copy(await filledLike(source), await open());
    expect(report.digests).toEqual(whole.digests);
    left = Infinity;
    // Once more: it says what it did, and does nothing.
    expect((await copy(source, target)).digests).toEqual(report.digests);
  }, 60_000);

  it('is not mixed with what was written after the source was opened again', async () => {
    const source = await filled(await open());
    let left = 5;
    const kv = createMemoryKv({
      faults: {
        beforeCommit: (label) => (label === 'store.copy' && (left -= 1) < 0 ? 'unavailable' : undefined),
      },
    });
    const target = await openMemoryStore({ environment, kv });
    await expect(copy(source, target)).rejects.toMatchObject({ code: 'unavailable' });
    await openToWriters(source);
    left = Infinity;
    await expect(copy(source, target)).rejects.toThrow('opened to writers since');
  });

  it('is not done by two at once', async () => {
    const source = await filled(await open());
    const target = await open();
    const outcomes = await Promise.allSettled([copy(source, target), copy(source, target)]);
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed).toEqual([
      expect.objectContaining({
        reason: expect.objectContaining({
          message: expect.stringContaining('another copy') as unknown,
        }) as unknown,
      }),
    ]);
    const alive = { aliveAt: AT };
    expect(await digestCollection(target, 'log', alive)).toEqual(
      await digestCollection(source, 'log', alive),
    );
  });
});

/** The same documents in another store. */
async function filledLike(source: Store): Promise<Store> {
  const store = await open();
  const [log, members, space, meta] = (await allOf(source)) as unknown as Parameters<typeof putAll>[1];
  await putAll(store, [log, members, space, meta]);
  await store.transact(LABEL, async (tx) => {
    tx.put('revocations', { kind: 'token', value: 'alive', at: AT, expires_at: '9999-01-01T00:00:00.000Z' });
  });
  return store;
}

async function putAll(
  store: Store,
  [log, members, space, meta]: [LogDoc[], never[], never[], never[]],
): Promise<void> {
  for (const doc of log) await store.transact(LABEL, async (tx) => tx.put('log', doc));
  await store.transact(LABEL, async (tx) => {
    for (const doc of members) tx.put('members', doc);
    for (const doc of space) tx.put('space', doc);
    for (const doc of meta) tx.put('meta', doc);
  });
}
