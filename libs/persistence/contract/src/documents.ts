import type { Documents, Transaction } from '@state-server/persistence-port';
import {
  AT,
  brane,
  braneId,
  LABEL,
  logEntry,
  member,
  object,
  userId,
  write,
  type StoreFixture,
} from './fixture';

/** Documents in and out, own writes, atomicity. */
export function describeDocuments(fixture: () => StoreFixture): void {
  it('gives back what was put: numbers, text, bytes, bigint, null, own typed arrays (STORE-1)', async () => {
    const { store, second } = fixture();
    const doc = object('lamp', 'street', 'a1');
    const properties = { big: 2n ** 80n, small: -5n, huge: 2 ** 53 - 1, text: 'é\u0000𝄞', none: null };
    const lamp: Documents['objects'] = {
      ...doc,
      object: {
        ...doc.object,
        transform: Float32Array.from({ length: 16 }, (_, place) => place / 3),
        properties: { ...properties, bytes: Uint8Array.of(0, 255, 7), nested: { list: [1, 'two', [true]] } },
      },
    };
    await write(store, (tx) => tx.put('objects', lamp));
    const found = await second.read(LABEL, (tx) => tx.get('objects', [braneId('town'), 'lamp']));
    expect(found).toStrictEqual(lamp);
    const { transform, properties: back } = found?.object ?? lamp.object;
    expect(transform).toHaveLength(16);
    expect(transform.buffer.byteLength).toBe(64);
    expect(back['bytes']).toBeInstanceOf(Uint8Array);
  });

  it('keeps a document as it was when it was put, and gives each reader its own (STORE-1)', async () => {
    const { store } = fixture();
    const frame = Uint8Array.of(1, 2, 3);
    await store.transact(LABEL, async (tx) => {
      tx.put('log', logEntry('town', 1, frame));
      frame[0] = 99;
      expect((await tx.get('log', ['town', 1]))?.frame[0]).toBe(1);
    });
    const first = await store.read(LABEL, (tx) => tx.get('log', ['town', 1]));
    first?.frame.fill(0);
    const second = await store.read(LABEL, (tx) => tx.get('log', ['town', 1]));
    expect([...(second?.frame ?? [])]).toEqual([1, 2, 3]);
  });

  it('answers undefined for what is not there, and deletes it without an error (STORE-1)', async () => {
    const { store } = fixture();
    await write(store, (tx) => tx.delete('members', ['town', 'nobody']));
    expect(await store.read(LABEL, (tx) => tx.get('members', ['town', 'nobody']))).toBeUndefined();
  });

  it('deletes a document and puts it again (STORE-1)', async () => {
    const { store } = fixture();
    const get = (): Promise<Documents['members'] | undefined> =>
      store.read(LABEL, (tx) => tx.get('members', ['town', 'ada']));
    await write(store, (tx) => tx.put('members', member('town', 'ada')));
    await write(store, (tx) => tx.delete('members', ['town', 'ada']));
    expect(await get()).toBeUndefined();
    await write(store, (tx) => tx.put('members', member('town', 'ada', 'owner')));
    expect(await get()).toMatchObject({ role: 'owner' });
  });

  it('answers many keys in their order, absent and repeated ones too (STORE-1)', async () => {
    const { store } = fixture();
    await write(store, (tx) => ['a', 'b', 'c'].forEach((user) => tx.put('members', member('town', user))));
    const keys = ['c', 'missing', 'a', 'c'].map((user) => ['town', user]);
    const found = await store.read(LABEL, (tx) => tx.getMany('members', keys));
    expect(found.map((doc) => doc?.user_id)).toEqual(['c', undefined, 'a', 'c']);
    expect(await store.read(LABEL, (tx) => tx.getMany('members', []))).toEqual([]);
  });

  it('keeps documents of several values (chunked), their growing, shrinking and end (STORE-1, P2)', async () => {
    const { store, second } = fixture();
    const sizes = [790_000, 100, 99_990, 100_010, 250_000];
    for (const size of sizes) {
      const frame = Uint8Array.from({ length: size }, (_, place) => (place * 31 + size) % 251);
      await write(store, (tx) => tx.put('log', logEntry('town', 1, frame)));
      const found = await second.read(LABEL, (tx) => tx.get('log', ['town', 1]));
      expect(Buffer.compare(found?.frame ?? new Uint8Array(), frame)).toBe(0);
      const ranged = await second.read(LABEL, (tx) => tx.range('log', { prefix: ['town'], limit: 9 }));
      expect(ranged.map((entry) => entry.frame.byteLength)).toEqual([size]);
    }
    await write(store, (tx) => tx.delete('log', ['town', 1]));
    expect(await second.read(LABEL, (tx) => tx.get('log', ['town', 1]))).toBeUndefined();
    expect(await second.read(LABEL, (tx) => tx.range('log', { prefix: [], limit: 9 }))).toEqual([]);
  });

  it('sees its own writes by key, and only what is committed outside (STORE-3)', async () => {
    const { store, second } = fixture();
    await write(store, (tx) => tx.put('members', member('town', 'bob')));
    await store.transact(LABEL, async (tx) => {
      tx.put('members', member('town', 'ada', 'editor'));
      tx.put('members', member('town', 'ada', 'owner'));
      tx.delete('members', ['town', 'bob']);
      const inside = await tx.getMany('members', [
        ['town', 'ada'],
        ['town', 'bob'],
      ]);
      expect(inside.map((doc) => doc?.role)).toEqual(['owner', undefined]);
      const outside = await second.read(LABEL, (other) => other.range('members', { prefix: [], limit: 9 }));
      expect(outside.map((doc) => doc.user_id)).toEqual(['bob']);
    });
    const after = await second.read(LABEL, (tx) => tx.range('members', { prefix: ['town'], limit: 9 }));
    expect(after).toEqual([member('town', 'ada', 'owner')]);
  });

  it('is seen by every other store as soon as the commit is acknowledged (STORE-4)', async () => {
    const { store, second } = fixture();
    for (let turn = 1; turn <= 20; turn += 1) {
      const [writer, reader] = turn % 2 === 0 ? [store, second] : [second, store];
      await write(writer, (tx) => tx.put('meta', { key: 'turn', value: turn }));
      expect((await reader.read(LABEL, (tx) => tx.get('meta', ['turn'])))?.value).toBe(turn);
    }
  });

  it('writes nothing of a callback that throws, and rethrows what it threw (STORE-3)', async () => {
    const { store } = fixture();
    const refusal = new Error('the rule says no');
    const run = store.transact(LABEL, async (tx) => {
      tx.put('members', member('town', 'ada'));
      await tx.get('members', ['town', 'ada']);
      throw refusal;
    });
    await expect(run).rejects.toBe(refusal);
    expect(await store.read(LABEL, (tx) => tx.range('members', { prefix: [], limit: 9 }))).toEqual([]);
  });

  it('lets nothing of a transaction be used after its end (STORE-3)', async () => {
    const { store } = fixture();
    let leaked: Transaction | undefined;
    await store.transact(LABEL, async (tx) => {
      leaked = tx;
      tx.put('members', member('town', 'ada'));
    });
    const late = leaked;
    expect(() => late?.put('members', member('town', 'bob'))).toThrow('has ended');
    await expect(late?.get('members', ['town', 'ada'])).rejects.toThrow('has ended');
    expect(await store.read(LABEL, (tx) => tx.get('members', ['town', 'bob']))).toBeUndefined();
  });

  it('refuses keys and documents that do not fit the table (STORE-1)', async () => {
    const { store } = fixture();
    const wrong = (change: (tx: Transaction) => void): Promise<void> => write(store, change);
    await expect(wrong((tx) => tx.delete('members', ['town']))).rejects.toThrow('brane_id, user_id');
    await expect(wrong((tx) => tx.put('log', logEntry('town', 1.5, new Uint8Array())))).rejects.toThrow(
      '1.5',
    );
    await expect(wrong((tx) => tx.put('members', member('town', '\ud800')))).rejects.toThrow('surrogate');
    const anonymous = { ...member('town', 'x'), user_id: undefined } as unknown as Documents['members'];
    await expect(wrong((tx) => tx.put('members', anonymous))).rejects.toThrow("'user_id'");
  });

  it('reads from one snapshot, by key, by index and by range (STORE-2, P1)', async () => {
    const { store, second } = fixture();
    await write(store, (tx) => {
      tx.put('branes', brane('one', AT));
      tx.put('meta', { key: 'count', value: 1 });
    });
    await store.read(LABEL, async (tx) => {
      expect(await tx.get('meta', ['count'])).toMatchObject({ value: 1 });
      await write(second, (other) => {
        other.put('branes', brane('two', AT));
        other.delete('branes', ['one']);
        other.put('meta', { key: 'count', value: 2 });
      });
      expect(await tx.get('meta', ['count'])).toMatchObject({ value: 1 });
      expect(await tx.range('branes', { prefix: [], limit: 9 })).toEqual([brane('one', AT)]);
      const due = await tx.range('branes', { index: 'by_purge', prefix: [], limit: 9 });
      expect(due.map((doc) => doc.id)).toEqual([braneId('one')]);
    });
    expect(await store.read(LABEL, (tx) => tx.get('meta', ['count']))).toMatchObject({ value: 2 });
    expect(await store.read(LABEL, (tx) => tx.get('members', ['x', userId('y')]))).toBeUndefined();
  });
}
