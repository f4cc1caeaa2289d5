import type { CollectionName, Documents, RangeOptions } from '@state-server/persistence-port';
import { asObjectId } from '@state-server/domain';
import { AT, brane, braneId, LABEL, logEntry, member, object, write, type StoreFixture } from './fixture';

const NOTHING = new Uint8Array();

/** Order, bounds, limits, direction; by key and by index; with own writes in between. */
export function describeRanges(fixture: () => StoreFixture): void {
  const range = <Name extends CollectionName>(
    name: Name,
    options: RangeOptions<Name>,
  ): Promise<Documents[Name][]> => fixture().store.read(LABEL, (tx) => tx.range(name, options));
  const seqs = async (options: Omit<RangeOptions<'log'>, 'prefix'>): Promise<number[]> =>
    (await range('log', { prefix: ['town'], ...options })).map(({ seq }) => seq);

  it('walks integers in their order, forward and backward, with a limit (STORE-8)', async () => {
    const numbers = [
      -(2 ** 53) + 1,
      -70_000,
      -256,
      -255,
      -1,
      0,
      1,
      255,
      256,
      65_535,
      65_536,
      2 ** 40,
      2 ** 53 - 1,
    ];
    const shuffled = [...numbers].sort((left, right) => (left % 7) - (right % 7));
    await write(fixture().store, (tx) =>
      shuffled.forEach((seq) => tx.put('log', logEntry('town', seq, NOTHING))),
    );
    expect(await seqs({ limit: 99 })).toEqual(numbers);
    expect(await seqs({ limit: 99, reverse: true })).toEqual([...numbers].reverse());
    expect(await seqs({ limit: 3 })).toEqual(numbers.slice(0, 3));
    expect(await seqs({ limit: 3, reverse: true })).toEqual([...numbers].reverse().slice(0, 3));
    expect(await seqs({ limit: 0 })).toEqual([]);
  });

  it('keeps to its bounds, each exclusive or inclusive (STORE-8)', async () => {
    await write(fixture().store, (tx) => {
      for (let seq = 1; seq <= 9; seq += 1) tx.put('log', logEntry('town', seq, NOTHING));
      tx.put('log', logEntry('tow', 5, NOTHING));
      tx.put('log', logEntry('towns', 5, NOTHING));
    });
    expect(await seqs({ gt: [3], limit: 99 })).toEqual([4, 5, 6, 7, 8, 9]);
    expect(await seqs({ gte: [3], limit: 2 })).toEqual([3, 4]);
    expect(await seqs({ lt: [3], limit: 99 })).toEqual([1, 2]);
    expect(await seqs({ lte: [3], limit: 99 })).toEqual([1, 2, 3]);
    expect(await seqs({ gt: [3], lte: [6], limit: 99 })).toEqual([4, 5, 6]);
    expect(await seqs({ gte: [3], lt: [6], limit: 2, reverse: true })).toEqual([5, 4]);
    expect(await seqs({ gt: [6], lt: [3], limit: 99 })).toEqual([]);
    expect(await seqs({ gt: [20], limit: 99 })).toEqual([]);
  });

  it('compares text by its UTF-8 bytes, NUL and all planes included (STORE-8)', async () => {
    const users = [
      '',
      '\u0000',
      '\u0000a',
      'a',
      'a\u0000',
      'a\u0000b',
      'ab',
      'é',
      '\uffff',
      '\u{10000}',
      '𝄞',
    ];
    await write(fixture().store, (tx) =>
      [...users].reverse().forEach((user) => tx.put('members', member('t', user))),
    );
    const walked = await range('members', { prefix: ['t'], limit: 99 });
    expect(walked.map(({ user_id }) => user_id)).toEqual(users);
    const after = await range('members', { prefix: ['t'], gt: ['a'], lt: ['é'], limit: 99 });
    expect(after.map(({ user_id }) => user_id)).toEqual(['a\u0000', 'a\u0000b', 'ab']);
  });

  it('takes part of a key as a bound for all keys that start with it (STORE-8)', async () => {
    const cells = [
      [-1, 0],
      [0, -5],
      [0, 5],
      [1, 0],
    ] as const;
    await write(fixture().store, (tx) => {
      for (const [x, y] of cells) {
        tx.put('space', { brane_id: braneId('town'), level: 2, x, y, z: 0, id: asObjectId(`at ${x} ${y}`) });
      }
    });
    const within = async (bounds: Partial<RangeOptions<'space'>>): Promise<number[][]> =>
      (await range('space', { prefix: ['town', 2], limit: 99, ...bounds })).map(({ x, y }) => [x, y]);
    expect(await within({})).toEqual(cells);
    expect(await within({ gt: [0] })).toEqual([[1, 0]]);
    expect(await within({ gte: [0], lte: [0] })).toEqual(cells.slice(1, 3));
    expect(await within({ lt: [0] })).toEqual([[-1, 0]]);
    expect(await within({ gt: [0, -5], reverse: true })).toEqual([
      [1, 0],
      [0, 5],
    ]);
  });

  it('walks an index in its order, the key breaking ties (STORE-9)', async () => {
    await write(fixture().store, (tx) => {
      tx.put('objects', object('c', 'street', 'a1'));
      tx.put('objects', object('b', 'street', 'a0'));
      tx.put('objects', object('a', 'street', 'a1'));
      tx.put('objects', object('d', 'house', 'a0'));
      tx.put('objects', object('root', null, 'a0'));
    });
    const children = async (options: Partial<RangeOptions<'objects'>>): Promise<string[]> =>
      (await range('objects', { index: 'by_parent', prefix: ['town', 'street'], limit: 99, ...options })).map(
        ({ id }) => id,
      );
    expect(await children({})).toEqual(['b', 'a', 'c']);
    expect(await children({ reverse: true, limit: 2 })).toEqual(['c', 'a']);
    expect(await children({ gt: ['a1', 'a'] })).toEqual(['c']);
    expect(await children({ gt: ['a1'] })).toEqual([]);
    expect(await children({ prefix: ['town'] })).toEqual(['d', 'b', 'a', 'c']);
  });

  it('keeps out of an index what lacks its field, and follows every change of it (STORE-9)', async () => {
    const { store } = fixture();
    const due = async (): Promise<string[]> =>
      (await range('branes', { index: 'by_purge', prefix: [], limit: 99 })).map(({ id }) => id);
    await write(store, (tx) => {
      tx.put('branes', brane('live'));
      tx.put('branes', brane('later', '2026-03-01T00:00:00.000Z'));
      tx.put('branes', brane('soon', AT));
    });
    expect(await due()).toEqual(['soon', 'later']);
    await write(store, (tx) => {
      tx.put('branes', brane('soon', '2026-09-01T00:00:00.000Z'));
      tx.put('branes', brane('live', AT));
    });
    expect(await due()).toEqual(['live', 'later', 'soon']);
    await write(store, (tx) => {
      tx.put('branes', brane('live'));
      tx.delete('branes', ['later']);
    });
    expect(await due()).toEqual(['soon']);
    expect(await range('branes', { prefix: [], limit: 99 })).toHaveLength(2);
  });

  it('merges its own writes into a range, also where they remove what the limit counts (STORE-3)', async () => {
    const { store } = fixture();
    await write(store, (tx) => {
      for (let seq = 1; seq <= 6; seq += 1) tx.put('log', logEntry('town', seq, NOTHING));
      for (const user of ['a', 'b', 'c']) tx.put('members', member(`of ${user}`, 'ada'));
    });
    await store.transact(LABEL, async (tx) => {
      tx.delete('log', ['town', 1]);
      tx.delete('log', ['town', 2]);
      tx.put('log', logEntry('town', 3, Uint8Array.of(3)));
      tx.put('log', logEntry('town', 9, NOTHING));
      tx.put('log', logEntry('other', 4, NOTHING));
      const forward = await tx.range('log', { prefix: ['town'], limit: 3 });
      expect(forward.map(({ seq, frame }) => [seq, frame.byteLength])).toEqual([
        [3, 1],
        [4, 0],
        [5, 0],
      ]);
      const backward = await tx.range('log', { prefix: ['town'], limit: 2, reverse: true });
      expect(backward.map(({ seq }) => seq)).toEqual([9, 6]);
      tx.delete('members', ['of b', 'ada']);
      tx.put('members', member('of bb', 'ada', 'owner'));
      tx.put('members', member('of c', 'ada', 'editor'));
      const mine = await tx.range('members', { index: 'by_user', prefix: ['ada'], limit: 3 });
      expect(mine.map(({ brane_id, role }) => `${brane_id} ${role}`)).toEqual([
        'of a viewer',
        'of bb owner',
        'of c editor',
      ]);
    });
    expect(await seqs({ limit: 99 })).toEqual([3, 4, 5, 6, 9]);
  });

  it('has no range without a usable limit, and no index that is not in the table (STORE-8)', async () => {
    await expect(range('log', { prefix: [], limit: -1 })).rejects.toThrow('limit');
    await expect(range('log', { prefix: [], limit: Number.NaN })).rejects.toThrow('limit');
    const index = 'by_colour' as RangeOptions<'branes'>['index'];
    await expect(range('branes', { prefix: [], limit: 1, ...(index && { index }) })).rejects.toThrow(
      'by_colour',
    );
  });
}
