import type { ReadTransaction, StepReader, Steps, Store, TransactOptions } from './store';

/** Reads one snapshot in steps, at once where the store can. Throws or rejects with a StoreError, or what a step threw. */
export function readSteps<T>(
  store: Store,
  options: TransactOptions,
  steps: (reader: StepReader) => Steps<T>,
): T | Promise<T> {
  if (store.readSteps) return store.readSteps(options, steps);
  return store.read(options, (tx) => followSteps(steps(stepReader(tx))));
}

/** Waits for whatever a step waits for. */
export async function followSteps<T>(steps: Steps<T>): Promise<T> {
  for (let step = steps.next(); ;) {
    if (step.done === true) return step.value;
    let answer: unknown;
    try {
      answer = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
}

export function stepReader(tx: ReadTransaction): StepReader {
  return {
    *get(collection, key) {
      // What comes back is what the step before yielded a promise of.
      return (yield tx.get(collection, key)) as Awaited<ReturnType<typeof tx.get<typeof collection>>>;
    },
  };
}
