import { FORMAT_VERSION, type Store } from '@state-server/persistence-port';
import { LABEL, logEntry, member, write, type StoreFixture } from './fixture';

/** Damage and foreign formats are errors, never data. */
export function describeIntegrity(fixture: () => StoreFixture): void {
  it('names the record whose stored bytes were damaged, and goes on with the others (STORE-14, P3)', async () => {
    const { store, damage } = fixture();
    await write(store, (tx) => {
      tx.put('meta', { key: 'victim', value: 'a sentence to be hit by a cosmic ray' });
      tx.put('meta', { key: 'neighbour', value: 'unharmed' });
    });
    const after = await damage('hit by a cosmic ray');
    const read = after.read(LABEL, (tx) => tx.get('meta', ['victim']));
    await expect(read).rejects.toMatchObject({ name: 'StoreError', code: 'corrupt' });
    await expect(read).rejects.toThrow(/meta.*victim/);
    await expect(after.read(LABEL, (tx) => tx.range('meta', { prefix: [], limit: 9 }))).rejects.toMatchObject(
      {
        code: 'corrupt',
      },
    );
    expect(await after.read(LABEL, (tx) => tx.get('meta', ['neighbour']))).toMatchObject({
      value: 'unharmed',
    });
  });

  it('finds damage in a chunk of a large record (STORE-14, P3)', async () => {
    const { store, damage } = fixture();
    const frame = new Uint8Array(300_000);
    frame.set(Buffer.from('deep inside the second chunk'), 150_000);
    await write(store, (tx) => tx.put('log', logEntry('town', 1, frame)));
    const after = await damage('deep inside the second chunk');
    const read = after.read(LABEL, (tx) => tx.get('log', ['town', 1]));
    await expect(read).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('finds damage in an index entry (STORE-14, P3)', async () => {
    const { store, damage } = fixture();
    await write(store, (tx) => tx.put('members', member('a brane', 'ada lovelace')));
    const after = await damage('ada lovelace');
    const byUser = after.read(LABEL, (tx) => tx.range('members', { index: 'by_user', prefix: [], limit: 9 }));
    await expect(byUser).rejects.toMatchObject({ code: 'corrupt' });
  });

  const setFormat = (store: Store, value: unknown): Promise<void> =>
    write(store, (tx) => tx.put('meta', { key: 'format', value }));

  it('writes its format version to a new store and opens it again (STORE-15)', async () => {
    const { store, reopen } = fixture();
    const format = await store.read(LABEL, (tx) => tx.get('meta', ['format']));
    expect(format?.value).toEqual({ version: FORMAT_VERSION });
    await write(store, (tx) => tx.put('members', member('town', 'ada')));
    const again = await reopen();
    expect(await again.read(LABEL, (tx) => tx.get('members', ['town', 'ada']))).toBeDefined();
  });

  it('refuses a newer format, an older one without an upgrade, and none, in words (STORE-15)', async () => {
    const { store, reopen } = fixture();
    await setFormat(store, { version: FORMAT_VERSION + 1 });
    await expect(reopen()).rejects.toMatchObject({ name: 'StoreError', code: 'format' });
    await expect(reopen()).rejects.toThrow(`has format ${FORMAT_VERSION + 1}`);
    await setFormat(store, { version: 0 });
    await expect(reopen()).rejects.toThrow('no upgrade');
    await setFormat(store, 'something else');
    await expect(reopen()).rejects.toThrow('cannot be understood');
    await write(store, (tx) => {
      tx.delete('meta', ['format']);
      tx.put('members', member('town', 'ada'));
    });
    await expect(reopen()).rejects.toThrow('not a store of ours');
  });
}
