import { channels } from '@state-server/messaging-port';
import type { RevocationDoc } from '@state-server/persistence-port';
import { silentLogger } from '@state-server/platform';
import { toTime } from './identity';
import { createWorld, type World } from './identity.spec-support';
import { announceRevocation } from './revocation-messages';
import { createRevocationWatch, type RevocationWatch } from './revocation-watch';
import { endSession } from './sessions';

const watches: RevocationWatch[] = [];
afterEach(() => Promise.all(watches.splice(0).map((watch) => watch.close())));

async function watching(given: World): Promise<RevocationWatch> {
  const { store, bus, environment } = given;
  const watch = await createRevocationWatch({ store, bus, environment, log: silentLogger() });
  watches.push(watch);
  return watch;
}

/** Ends a session in the store, as another process would. */
function revoke(given: World, sessionId: string, at = given.environment.clock.now()): Promise<RevocationDoc> {
  return given.store.transact({ label: 'test' }, async (tx) =>
    endSession(tx, { id: sessionId as never }, at),
  );
}

const subject = (given: World, session_id: string) => ({ user_id: given.user.id, session_id });

describe('revocations in memory (ID6)', () => {
  it('are those of the store from the start', async () => {
    const world = await createWorld();
    await revoke(world, 's-1');
    const watch = await watching(world);
    expect(watch.isRevoked(subject(world, 's-1'))).toBe(true);
    expect(watch.isRevoked(subject(world, 's-2'))).toBe(false);
  });

  it('arrive over the bus at once, and whoever listens is told once', async () => {
    const world = await createWorld();
    const watch = await watching(world);
    let told = 0;
    watch.onRevoked(() => (told += 1));
    const revocation = await revoke(world, 's-1');
    announceRevocation(world.peer, revocation);
    announceRevocation(world.peer, revocation);
    await world.environment.settle();
    expect([watch.isRevoked(subject(world, 's-1')), told]).toEqual([true, 1]);
    await world.environment.advance(5_000);
    expect(told).toBe(1);
  });

  it('are there within 2 s while the bus is away (F2)', async () => {
    const world = await createWorld();
    const watch = await watching(world);
    world.bus.disconnect();
    const revocation = await revoke(world, 's-1');
    announceRevocation(world.peer, revocation);
    await world.environment.settle();
    expect(watch.isRevoked(subject(world, 's-1'))).toBe(false);
    await world.environment.advance(2_000);
    expect(watch.isRevoked(subject(world, 's-1'))).toBe(true);
  });

  it('are found though their writer’s clock is half a minute behind, and in time though it is minutes behind', async () => {
    const world = await createWorld();
    const watch = await watching(world);
    world.bus.disconnect();
    await world.environment.advance(120_000);
    await revoke(world, 's-1', world.environment.clock.now() - 30_000);
    await world.environment.advance(2_000);
    expect(watch.isRevoked(subject(world, 's-1'))).toBe(true);
    await revoke(world, 's-2', world.environment.clock.now() - 110_000);
    await world.environment.advance(32_000);
    expect(watch.isRevoked(subject(world, 's-2'))).toBe(true);
  });

  it('are found though there are more of them than a page holds', async () => {
    const world = await createWorld();
    const watch = await watching(world);
    world.bus.disconnect();
    const at = world.environment.clock.now();
    for (let batch = 0; batch < 6; batch += 1) {
      await world.store.transact({ label: 'test' }, async (tx) => {
        for (let one = 0; one < 200; one += 1) endSession(tx, { id: `s-${batch}-${one}` as never }, at);
      });
    }
    await world.environment.advance(2_000);
    expect(watch.size).toBe(1_200);
  });

  it('are forgotten when no token can live any more', async () => {
    const world = await createWorld();
    await revoke(world, 's-1');
    const watch = await watching(world);
    await world.environment.advance(20 * 60_000 - 1_000);
    expect(watch.size).toBe(1);
    await world.environment.advance(61_000);
    expect(watch.size).toBe(0);
  });

  it('say how old they are while the store is away, and go on after it', async () => {
    const world = await createWorld();
    const watch = await watching(world);
    world.storeAway = true;
    await world.environment.advance(6_000);
    expect(watch.staleMs()).toBeGreaterThan(5_000);
    expect(watch.state().status).toBe('unavailable');
    world.storeAway = false;
    await world.environment.advance(1_500);
    expect(watch.staleMs()).toBeLessThanOrEqual(1_500);
    expect(watch.state().status).toBe('ok');
  });

  it('start without the store as not known, not as empty', async () => {
    const world = await createWorld();
    world.storeAway = true;
    const watch = await watching(world);
    expect(watch.staleMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('concern a session, one token, or all that a user got before a time', async () => {
    const world = await createWorld();
    const now = world.environment.clock.now();
    const times = { at: toTime(now), expires_at: toTime(now + 60_000) };
    await world.store.transact({ label: 'test' }, async (tx) => {
      tx.put('revocations', { kind: 'token', value: 't-1', ...times });
      tx.put('revocations', { kind: 'user', value: world.user.id, not_before: toTime(now), ...times });
    });
    const watch = await watching(world);
    const token = { user_id: 'other', session_id: 's', token_id: 't-1' };
    expect(watch.isRevoked(token)).toBe(true);
    expect(watch.isRevoked({ ...token, token_id: 't-2' })).toBe(false);
    const own = subject(world, 's');
    expect(watch.isRevoked({ ...own, issued_at: now - 1 })).toBe(true);
    expect(watch.isRevoked({ ...own, issued_at: now })).toBe(false);
    expect(watch.isRevoked(own)).toBe(true);
  });

  it('are not upset by what else comes over the bus, nor by a listener that fails', async () => {
    const world = await createWorld();
    const watch = await watching(world);
    watch.onRevoked(() => {
      throw new Error('no');
    });
    let told = false;
    watch.onRevoked(() => (told = true));
    world.peer.publish(channels.revocations, Uint8Array.of(0xff));
    world.peer.publish(channels.revocations, Uint8Array.of(0xa0));
    announceRevocation(world.peer, await revoke(world, 's-1'));
    await world.environment.settle();
    expect([told, watch.isRevoked(subject(world, 's-1'))]).toEqual([true, true]);
  });

  it('leave nothing running when they are closed', async () => {
    const world = await createWorld();
    const watch = await watching(world);
    await watch.close();
    await world.environment.advance(5_000);
    expect(world.environment.pendingTimers).toBe(0);
  });
});
