import { StoreError } from '@state-server/persistence-port';
import { askForCheckpoint } from './checkpoint/due';
import type { Committed } from './committer';
import { GroupAttempt } from './group-attempt';
import type { Ground, Step } from './lane';
import type { Advance } from './replica';
import { planSpace } from './space-index';
import type { Verdict, Work } from './work';
import { listRekeying, writeBrane, writeObjects } from './write-changes';

export interface GroupOutcome {
  readonly verdicts: ReadonlyMap<Work, Verdict>;
  /** What the replica becomes once this is durable; undefined when no entry was written. */
  readonly advance: Advance | undefined;
}

/** `also` of one request failed: that request is to be refused with the cause, the others committed without it (SYNC L1). */
export class HookFailure extends Error {
  constructor(
    readonly work: Work,
    cause: unknown,
  ) {
    super('a write of the caller failed', { cause });
    this.name = 'HookFailure';
  }
}

/** Bytes that a transaction may be estimated to write before the next request has to wait for the next one. */
const GROUP_WRITE_BYTES = 400_000;

/**
 * The transaction of a group of requests (SYNC L1, L2). Requests that do not fit any more have no verdict and come with the
 * next group. Every entry writes the head, so the head guards all that was read of the brane (SYNC P1); the record of a
 * refusal rests on a guard of it.
 */
export async function commitGroup(ground: Ground, works: readonly Work[]): Promise<Step<GroupOutcome>> {
  const verdicts = new Map<Work, Verdict>();
  const attempt = await GroupAttempt.begin(ground, works);
  for (const work of works) {
    if (work.settled) continue;
    if (verdicts.size > 0 && attempt.bytes > GROUP_WRITE_BYTES) break;
    verdicts.set(work, attempt.judgeNow(work) ?? (await attempt.judge(work)));
  }
  const hooks = hooksOf(verdicts);
  const last = hooks.length === 0 ? undefined : () => runHooks(ground, hooks);
  if (!attempt.hasEntries) {
    if (attempt.recordsOnly || last) ground.tx.guard('heads', [ground.head.brane_id]);
    return { value: { verdicts, advance: undefined }, finally: last };
  }
  const advance = await write(ground, attempt);
  return { value: { verdicts, advance }, head: advance.head, finally: last };
}

/** All that the entries of the group have changed, once per object. */
async function write(ground: Ground, attempt: GroupAttempt): Promise<Advance> {
  const { put, removed, meta } = attempt.copy.changes();
  const { created } = attempt;
  const plan = await planSpace(ground, attempt.copy, { put, removed, created });
  writeObjects(ground, plan, created);
  const brane = meta && { meta, version: attempt.nextBraneVersion };
  if (brane) await writeBrane(ground.tx, ground.replica.meta, brane.meta, brane.version);
  const head = listRekeying(ground.tx, attempt.nextHead(), plan.rekeying);
  askForCheckpoint(ground.tx, ground.head, head);
  return {
    head,
    put: [...plan.placements.values()].map(({ object, to }) => ({ object, cell: to })),
    created,
    removed,
    brane,
  };
}

type Hook = readonly [work: Work, committed: Committed];

function hooksOf(verdicts: ReadonlyMap<Work, Verdict>): Hook[] {
  return [...verdicts].flatMap(([work, verdict]) =>
    verdict.kind === 'refused' || !work.request.also ? [] : [[work, verdict.committed] as const],
  );
}

async function runHooks(ground: Ground, hooks: readonly Hook[]): Promise<void> {
  for (const [work, committed] of hooks) {
    try {
      await work.request.also?.(ground.tx, committed);
    } catch (error) {
      // The store's own errors concern the transaction, whoever met them.
      if (error instanceof StoreError) throw error;
      throw new HookFailure(work, error);
    }
  }
}
