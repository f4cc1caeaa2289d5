import type { Environment } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import type { FakeEnvironment } from '@state-server/testing';
import type { Committer } from '../committer';
import type { OperationKind } from '../operations/operation';
import { user } from './branes.spec-support';

/** Steps of the kind that is made here. */
export const PARTS = 5;

/** Puts blocks into the brane, one a step, each with an id of its own making. */
export function makeBlocks(committer: Committer, environment: Pick<Environment, 'ids'>): OperationKind {
  return {
    kind: 'blocks',
    step: async (step) => {
      const { operation } = step;
      const next = Number(operation.cursor?.['next'] ?? 0) + 1;
      const progress = { done: next };
      const outcome =
        next === PARTS
          ? ({ kind: 'done', result: { blocks: next }, progress } as const)
          : ({ kind: 'more', cursor: { next }, progress } as const);
      await committer.edit({
        brane_id: operation.brane_id,
        actor: user(operation.user_id),
        op_id: step.opId,
        operation_id: operation.id,
        // An id that is never the same again: a step that took effect twice would leave two.
        ops: [
          {
            op: 'create',
            object: {
              kind: 'block',
              parent_id: operation.brane_id,
              name: `${next} ${environment.ids.uuid()}`,
            },
          },
        ],
        also: step.advance(outcome),
      });
      return outcome;
    },
  };
}

/** What a killed process meets wherever it turns. */
export class Died extends Error {}

/** The store as a process has it that is killed at its n-th write: before it is committed, or before it hears of it. */
export function mortal(
  store: Store,
  writes: number,
  when: 'before' | 'after',
): Store & { readonly dead: boolean } {
  let count = 0;
  let dead = false;
  return {
    kind: store.kind,
    get dead() {
      return dead;
    },
    read: (options, callback) => (dead ? Promise.reject(new Died()) : store.read(options, callback)),
    transact: async (options, callback) => {
      if (dead) throw new Died();
      count += 1;
      if (count !== writes) return store.transact(options, callback);
      if (when === 'after') await store.transact(options, callback);
      dead = true;
      throw new Died();
    },
    check: () => store.check(),
    close: () => Promise.resolve(),
  };
}

/** Time passes until it is done: who loses a race waits before he tries again. */
export async function inTime<T>(promise: Promise<T>, environment: FakeEnvironment): Promise<T> {
  let done = false;
  const settled = promise.finally(() => {
    done = true;
  });
  settled.catch(() => undefined);
  while (!done) await environment.advance(5);
  return settled;
}
