import {
  asBraneId,
  asEpoch,
  asObjectId,
  asUserId,
  type BraneId,
  type Environment,
  type UserId,
} from '@state-server/domain';
import type {
  BraneDoc,
  LogDoc,
  MemberDoc,
  ObjectDoc,
  ReadTransaction,
  Store,
  Transaction,
} from '@state-server/persistence-port';
import { buildWorld, seededIds, seededRandom } from '@state-server/testing';

/** What a driver gives beyond the least that the port promises. */
export interface StoreTraits {
  /** `weak`: reads that are neither written nor guarded are not validated (SYNC P1); `strict`: all are. */
  readonly isolation: 'weak' | 'strict';
  /**
   * How much of the suite's full volume is done, up to 1; default 0.1, for stores behind a network and for doubles. What is
   * shown is the same.
   */
  readonly effort?: number;
}

/** The part of a full volume that this store is asked for. */
export function volume({ effort = 0.1 }: StoreTraits, full: number, least: number): number {
  return Math.max(least, Math.round(full * effort));
}

export interface StoreFixture {
  readonly store: Store;
  /** The same data, as another process has it open. */
  readonly second: Store;
  /** Opens the data once more, as a process that starts now. */
  reopen(): Promise<Store>;
  /** Flips one bit of every stored value that holds this text, and answers a store that sees it. */
  damage(text: string): Promise<Store>;
  /** Spoils the next commit that is asked of `store`; absent where an outcome is never unknown. */
  spoilNextCommit?(how: 'unknown_committed' | 'unknown_lost'): void;
  close(): Promise<void>;
}

/** Opens new, empty data. */
export type OpenStore = (environment: Environment) => Promise<StoreFixture>;

/** Real time, for deadlines that pass; everything else from a seed. */
export function contractEnvironment(): Environment {
  const random = seededRandom(4);
  return {
    clock: { now: () => Date.now(), monotonic: () => performance.now() },
    ids: seededIds(random),
    random,
    timers: {
      set: (ms, task) => setTimeout(task, ms),
      clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
    },
  };
}

export const AT = '2026-01-01T00:00:00.000Z';
export const LABEL = { label: 'contract' };

/** Ids that are readable in a failure; the store does not look at their form. */
export const braneId = (name: string): BraneId => asBraneId(name);
export const userId = (name: string): UserId => asUserId(name);

export function member(brane: string, user: string, role: MemberDoc['role'] = 'viewer'): MemberDoc {
  return { brane_id: braneId(brane), user_id: userId(user), role, since: AT };
}

export function brane(id: string, purgeAfter?: string): BraneDoc {
  return {
    id: braneId(id),
    name: id,
    visibility: 'private',
    status: purgeAfter ? 'deleted' : 'live',
    created_at: AT,
    updated_at: AT,
    created_by: userId('someone'),
    version: 1,
    ...(purgeAfter && { purge_after: purgeAfter }),
  };
}

export function logEntry(id: string, seq: number, frame: Uint8Array): LogDoc {
  return {
    brane_id: braneId(id),
    seq,
    epoch: asEpoch('epoch'),
    at: AT,
    actor: userId('someone'),
    op_id: `op-${seq}` as LogDoc['op_id'],
    kind: 'edit',
    frame,
    inverses: [],
  };
}

export function object(id: string, parent: string | null, order: string): ObjectDoc {
  const world = buildWorld(seededIds(seededRandom(1)));
  const [brane_id, parent_id] = [braneId('town'), parent === null ? null : asObjectId(parent)];
  const block = world.block({ id: asObjectId(id), brane_id, parent_id, order, name: id });
  return { brane_id, id: asObjectId(id), parent_id, order, object: block, cell: [0, -1, 2, 3] };
}

/** A counter in `meta`, the simplest thing that can be lost. */
export async function readCounter(tx: ReadTransaction, key: string): Promise<number> {
  const found = await tx.get('meta', [key]);
  return typeof found?.value === 'number' ? found.value : 0;
}

export async function increment(tx: Transaction, key: string): Promise<number> {
  const next = (await readCounter(tx, key)) + 1;
  tx.put('meta', { key, value: next });
  return next;
}

export const counterOf = (store: Store, key: string): Promise<number> =>
  store.read(LABEL, (tx) => readCounter(tx, key));

/** Lets others have their turn: a store on this machine answers before the event loop goes round. */
export const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Writes outside any other transaction. */
export const write = (store: Store, change: (tx: Transaction) => void): Promise<void> =>
  store.transact(LABEL, async (tx) => change(tx));
