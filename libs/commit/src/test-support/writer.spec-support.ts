import type { BraneId, Environment } from '@state-server/domain';
import type { ReadTransaction, Store, Transaction } from '@state-server/persistence-port';
import { StateError } from '@state-server/protocol';
import type { BraneMessage, Committer } from '../committer';
import { createCommitter } from '../create-committer';
import type { CommitMetrics } from '../deps';
import { type TestIds, testIds } from './branes.spec-support';

/** For specs: one committer as one process has it, and what it tells the world. */
export interface TestWriter<E extends Environment> {
  readonly environment: E;
  readonly store: Store;
  readonly committer: Committer;
  readonly published: { readonly braneId: BraneId; readonly message: BraneMessage }[];
  /** Entries in each committed transaction, in their order. */
  readonly groups: number[];
  readonly metrics: Record<'conflict' | 'turnClaimed' | 'clockSkew' | 'outcomeUnknown', number>;
  readonly ids: TestIds;
}

export function createWriter<E extends Environment>(options: {
  readonly environment: E;
  readonly store: Store;
  readonly writerId?: string;
  readonly replicaBytes?: number;
}): TestWriter<E> {
  const { environment, store, writerId = 'writer', replicaBytes } = options;
  const published: TestWriter<E>['published'] = [];
  const groups: number[] = [];
  const metrics = { conflict: 0, turnClaimed: 0, clockSkew: 0, outcomeUnknown: 0 };
  const told: CommitMetrics = {
    committed: ({ entries }) => groups.push(entries),
    conflict: () => (metrics.conflict += 1),
    turnClaimed: () => (metrics.turnClaimed += 1),
    clockSkew: () => (metrics.clockSkew += 1),
    outcomeUnknown: () => (metrics.outcomeUnknown += 1),
  };
  const committer = createCommitter({
    store,
    environment,
    publish: (braneId, messages) => published.push(...messages.map((message) => ({ braneId, message }))),
    writerId,
    metrics: told,
    ...(replicaBytes === undefined ? {} : { replicaBytes }),
  });
  return { environment, store, committer, published, groups, metrics, ids: testIds(environment) };
}

/** The code with which the request was refused; `none` when it was not. */
export async function refusal(request: Promise<unknown>): Promise<string> {
  try {
    await request;
    return 'none';
  } catch (error) {
    if (error instanceof StateError) return error.code;
    throw error;
  }
}

/** Held back until it is opened. */
export interface Gate {
  /** For whoever is to be held back. */
  readonly pass: () => Promise<void>;
  /** How many have come to it so far. */
  readonly arrived: number;
  close(): void;
  open(): void;
}

export function createGate(): Gate {
  let waiting: (() => void)[] = [];
  let closed = false;
  let arrived = 0;
  return {
    pass: () => {
      arrived += 1;
      return closed ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve();
    },
    get arrived() {
      return arrived;
    },
    close: () => {
      closed = true;
    },
    open: () => {
      closed = false;
      for (const resolve of waiting) resolve();
      waiting = [];
    },
  };
}

/** The store's methods as an object that can be spread, to put others in their place. */
export function bound(store: Store): Store {
  return {
    kind: store.kind,
    check: () => store.check(),
    close: () => store.close(),
    read: (options, callback) => store.read(options, callback),
    transact: (options, callback) => store.transact(options, callback),
  };
}

/** What was asked of a store since the last `reset`. */
export interface ReadCount {
  /** Calls of get, getMany and range. */
  calls: number;
  documents: number;
}

/** The same store, with its reads counted. */
export function countReads(store: Store): {
  readonly store: Store;
  readonly count: ReadCount;
  reset(): void;
} {
  const count: ReadCount = { calls: 0, documents: 0 };
  const counted = (tx: ReadTransaction): ReadTransaction => ({
    get: async (collection, key) => {
      count.calls += 1;
      count.documents += 1;
      return tx.get(collection, key);
    },
    getMany: async (collection, keys) => {
      count.calls += 1;
      count.documents += keys.length;
      return tx.getMany(collection, keys);
    },
    range: async (collection, options) => {
      count.calls += 1;
      const found = await tx.range(collection, options);
      count.documents += found.length;
      return found;
    },
  });
  return {
    count,
    reset: () => {
      count.calls = 0;
      count.documents = 0;
    },
    store: {
      ...bound(store),
      read: (options, callback) => store.read(options, (tx) => callback(counted(tx))),
      transact: (options, callback) =>
        store.transact(options, (tx) => {
          const writes: Pick<Transaction, 'guard' | 'put' | 'delete'> = {
            guard: (collection, key) => tx.guard(collection, key),
            put: (collection, document) => tx.put(collection, document),
            delete: (collection, key) => tx.delete(collection, key),
          };
          return callback({ ...counted(tx), ...writes });
        }),
    },
  };
}
