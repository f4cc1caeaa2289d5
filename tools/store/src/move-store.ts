import {
  copyStore,
  closeToWriters,
  openToWriters,
  readOnlyFlag,
} from '@state-server/persistence-maintenance';
import { planUpgrade, RecordStore } from '@state-server/persistence-records';
import { environment } from './environment';
import { assertThere, openKv, openPlace, type Place, wordsOf } from './place';

type Say = (line: string) => void;
const count = new Intl.NumberFormat('en');
/** Lines of progress are written this far apart. */
const PROGRESS_MS = 2_000;

export interface CopyCommand {
  readonly from: Place;
  readonly to: Place;
  readonly writerLifetimeMs?: number;
}

/** Answers when the target holds all of the source, compared. */
export async function copy({ from, to, writerLifetimeMs }: CopyCommand, say: Say): Promise<void> {
  if (wordsOf(from) === wordsOf(to)) throw new Error('both stores are the same');
  assertThere(from);
  const source = await openPlace(from);
  try {
    const target = await openPlace(to);
    try {
      say(`from ${wordsOf(from)} to ${wordsOf(to)}`);
      let toldAt = -Infinity;
      const { documents, digests } = await copyStore({
        ...{ source, target, environment },
        ...(writerLifetimeMs !== undefined && { writerLifetimeMs }),
        onEvent: (event) => {
          const now = performance.now();
          if (event.kind === 'waiting') {
            say(
              `the source is closed to writers; ${event.ms / 1_000} s until those that had begun have ended`,
            );
          } else if (event.kind === 'resumed') {
            say(`goes on behind ${count.format(event.documents)} documents that are in the target already`);
          } else if (event.kind === 'verified') {
            const { documents: number, sum } = event.digest;
            say(
              `  ${event.collection.padEnd(20)} ${count.format(number).padStart(12)} the same, ${sum.slice(0, 16)}`,
            );
          } else if ('collection' in event && now - toldAt >= PROGRESS_MS) {
            toldAt = now;
            say(`${event.kind} ${event.collection}: ${count.format(event.documents)}`);
          }
        },
      });
      say(
        `${count.format(documents)} documents in ${Object.keys(digests).length} collections: both stores hold the same`,
      );
      WHAT_NEXT.forEach(say);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

const WHAT_NEXT = [
  'Next: point the services at the new store (MONGODB_URI, or FDB_ENABLED and FDB_CLUSTER_FILE, or STORE_PATH) and',
  'start them again. The old store stays closed to writers: keep it until you trust the new one. To go back instead,',
  'open it by `store read-only off`; what was written into the new one by then is not in it.',
];

/** Says what an upgrade would do, or does it. */
export async function migrate(place: Place, isDry: boolean, say: Say): Promise<void> {
  assertThere(place);
  const kv = await openKv(place, { buildIndexes: !isDry });
  try {
    const plan = await planUpgrade(new RecordStore(kv, environment));
    const begun = plan.begun ? ', an upgrade was begun and is not done' : '';
    say(`${wordsOf(place)}: format ${plan.found ?? 'none yet'} of ${plan.version}${begun}`);
    for (const step of plan.steps)
      say(`  ${isDry ? 'would be done' : 'to do'}: ${step.from} → ${step.from + 1}: ${step.summary}`);
    if (plan.steps.length === 0) say('  nothing is to be done');
    if (isDry || plan.steps.length === 0) return;
  } finally {
    await kv.close();
  }
  const store = await openPlace(place, {
    onStep: (step) => say(`${step.from} → ${step.from + 1}: ${step.summary}`),
    onIndex: (name, records) => say(`  ${name}: ${count.format(records)} records`),
  });
  await store.close();
  say('done');
}

export type ReadOnlyCommand = 'show' | 'on' | 'off';

/** Shows, closes or opens. */
export async function readOnly(place: Place, what: ReadOnlyCommand, reason: string, say: Say): Promise<void> {
  assertThere(place);
  const store = await openPlace(place);
  try {
    if (what === 'off') {
      say((await openToWriters(store)) ? 'open to writers again' : 'it was open to writers already');
      return;
    }
    if (what === 'on') {
      await closeToWriters(store, environment, {
        reason,
        onWait: (ms) => say(`${ms / 1_000} s until those that had begun to write have ended`),
      });
    }
    const flag = await readOnlyFlag(store);
    say(flag ? `closed to writers since ${flag.since}: ${flag.reason}` : 'open to writers');
  } finally {
    await store.close();
  }
}
