import { asUserId, type Environment, type Timers } from '@state-server/domain';
import type { MemoryBus } from '@state-server/messaging-memory';
import { createMemoryHub } from '@state-server/messaging-memory';
import { createMemoryStore } from '@state-server/persistence-memory';
import { type SessionDoc, type Store, StoreError, type UserDoc } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { newSecret } from './secret';
import { openSession } from './sessions';

/** The store pauses after a conflict; nobody moves the fake clock meanwhile. */
const storeTimers: Timers = {
  set: (ms, task) => setTimeout(task, Math.min(ms, 5)),
  clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
};

export interface World {
  readonly environment: FakeEnvironment;
  readonly store: Store;
  /** While true, the store answers nothing but `unavailable`. */
  storeAway: boolean;
  readonly bus: MemoryBus;
  /** Another process's link to the same hub. */
  readonly peer: MemoryBus;
  readonly user: UserDoc;
  /** Signs the user in. */
  signIn(): Promise<{ readonly session: SessionDoc; readonly refresh_token: string }>;
}

export async function createWorld(): Promise<World> {
  const environment = createFakeEnvironment();
  const hub = createMemoryHub();
  const inner = createMemoryStore({ environment: withTimers(environment) });
  const user: UserDoc = {
    id: asUserId(environment.ids.uuid()),
    name: 'Ada',
    roles: ['user'],
    version: 1,
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
  };
  await inner.transact({ label: 'test' }, async (tx) => tx.put('users', user));
  const world = {
    environment,
    storeAway: false,
    bus: hub.connect(),
    peer: hub.connect(),
    user,
    signIn: async () => {
      const refresh_token = newSecret();
      const session_id = environment.ids.uuid();
      const now = environment.clock.now();
      const session = await inner.transact({ label: 'test' }, async (tx) =>
        openSession(tx, { session_id, user, refresh_token, now, provider: 'test' }),
      );
      return { session, refresh_token };
    },
  };
  const guarded = <T>(work: () => Promise<T>): Promise<T> =>
    world.storeAway ? Promise.reject(new StoreError('unavailable', 'away')) : work();
  const store: Store = {
    kind: 'memory',
    transact: (options, callback) => guarded(() => inner.transact(options, callback)),
    read: (options, callback) => guarded(() => inner.read(options, callback)),
    check: () => guarded(() => inner.check()),
    close: () => inner.close(),
  };
  return Object.assign(world, { store });
}

function withTimers(environment: Environment): Environment {
  return { ...environment, timers: storeTimers };
}

export const coded = (code: string): Error => expect.objectContaining({ code }) as Error;
