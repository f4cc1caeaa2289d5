import { STORE_LIMITS } from '@state-server/persistence-port';
import {
  AT,
  LABEL,
  logEntry,
  member,
  type StoreFixture,
  type StoreTraits,
  userId,
  volume,
  write,
} from './fixture';

/** `{ key: 'n', value: bytes }` in CBOR, without the bytes. */
const AROUND = 18;
const tooLarge = { name: 'StoreError', code: 'too_large' };

/** The same sizes are possible, and the same are refused, on every store (SYNC P2). */
export function describeLimits(fixture: () => StoreFixture, traits: StoreTraits): void {
  it('takes the longest key and refuses a longer one (STORE-13, P2)', async () => {
    const { store } = fixture();
    // Two bytes for the space, and for each text its type and its end.
    const room = STORE_LIMITS.keyBytes - 2 - 2 - 2 - 't'.length;
    const longest = 'x'.repeat(room);
    await write(store, (tx) => tx.put('members', member('t', longest)));
    const mine = await store.read(LABEL, (tx) =>
      tx.range('members', { index: 'by_user', prefix: [longest], limit: 9 }),
    );
    expect(mine).toEqual([member('t', longest)]);
    await expect(write(store, (tx) => tx.put('members', member('t', `${longest}x`)))).rejects.toMatchObject(
      tooLarge,
    );
    await expect(write(store, (tx) => tx.delete('members', ['t', `${longest}x`]))).rejects.toMatchObject(
      tooLarge,
    );
    await expect(store.read(LABEL, (tx) => tx.get('members', ['t', `${longest}x`]))).rejects.toMatchObject(
      tooLarge,
    );
  });

  it('counts the bytes of a key in UTF-8, and the keys of indexes too (STORE-13, P2)', async () => {
    const { store } = fixture();
    await expect(
      write(store, (tx) => tx.put('members', member('t', 'é'.repeat(STORE_LIMITS.keyBytes / 2)))),
    ).rejects.toMatchObject(tooLarge);
    const session = {
      id: 'i'.repeat(1_200),
      user_id: userId('u'.repeat(1_200)),
      created_at: AT,
      last_used_at: AT,
      expires_at: AT,
    };
    const put = write(store, (tx) => tx.put('sessions', session as Parameters<typeof tx.put<'sessions'>>[1]));
    await expect(put).rejects.toMatchObject(tooLarge);
  });

  /** A physical value without its envelope; what is longer stands in parts. */
  const PART = STORE_LIMITS.valueBytes - 13;

  it('keeps documents of every size around the places where they fall into parts (STORE-13, STORE-1)', async () => {
    const { store, second } = fixture();
    const parts = [1, 2, 3, 4, 5, 6, 7, 8].slice(0, volume(traits, 8, 2));
    for (const count of parts) {
      for (let off = -2; off <= 2; off += 1) {
        const size = Math.min(count * PART, STORE_LIMITS.documentBytes - 2) - AROUND + off;
        // 251 is prime: no two parts are alike.
        const value = new Uint8Array(size);
        for (let place = 0; place < size; place += 1) value[place] = (place * 31 + off) % 251;
        await write(store, (tx) => tx.put('meta', { key: 'n', value }));
        const found = await second.read(LABEL, (tx) => tx.get('meta', ['n']));
        expect(Buffer.compare(found?.value as Uint8Array, value)).toBe(0);
      }
    }
    await write(store, (tx) => tx.delete('meta', ['n']));
    expect(await second.read(LABEL, (tx) => tx.get('meta', ['n']))).toBeUndefined();
  }, 120_000);

  it('takes the same largest document as every other store, to the byte (STORE-13, P2)', async () => {
    const { store } = fixture();
    const put = (size: number): Promise<void> =>
      write(store, (tx) => tx.put('meta', { key: 'n', value: new Uint8Array(size) }));
    const largest = STORE_LIMITS.documentBytes - AROUND;
    await put(largest);
    await expect(put(largest + 1)).rejects.toMatchObject(tooLarge);
    const kept = await store.read(LABEL, (tx) => tx.get('meta', ['n']));
    expect((kept?.value as Uint8Array).byteLength).toBe(largest);
  });

  it('refuses a document above its limit and writes nothing of the transaction (STORE-13, P2)', async () => {
    const { store } = fixture();
    const run = write(store, (tx) => {
      tx.put('members', member('town', 'ada'));
      tx.put('log', logEntry('town', 1, new Uint8Array(STORE_LIMITS.documentBytes)));
    });
    await expect(run).rejects.toMatchObject(tooLarge);
    expect(await store.read(LABEL, (tx) => tx.get('members', ['town', 'ada']))).toBeUndefined();
  });

  it('refuses a transaction above its limit, however it is made up (STORE-13, P2)', async () => {
    const { store } = fixture();
    const half = new Uint8Array(STORE_LIMITS.transactionBytes / 2);
    const both = write(store, (tx) => {
      tx.put('log', logEntry('town', 1, half));
      tx.put('log', logEntry('town', 2, half));
    });
    await expect(both).rejects.toMatchObject(tooLarge);
    await write(store, (tx) => {
      tx.put('log', logEntry('town', 1, half));
      tx.put('log', logEntry('town', 1, half));
    });
    const kept = await store.read(LABEL, (tx) => tx.range('log', { prefix: ['town'], limit: 9 }));
    expect(kept.map(({ seq }) => seq)).toEqual([1]);
  });
}
