import { STORE_LIMITS } from '@state-server/persistence-port';
import { AT, LABEL, logEntry, member, userId, write, type StoreFixture } from './fixture';

const tooLarge = { name: 'StoreError', code: 'too_large' };

/** The same sizes are possible, and the same are refused, on every store (SYNC P2). */
export function describeLimits(fixture: () => StoreFixture): void {
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
