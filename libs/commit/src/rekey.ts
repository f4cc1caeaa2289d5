import type { Epoch, ObjectId } from '@state-server/domain';
import type { HeadDoc, Transaction } from '@state-server/persistence-port';
import type { Ground, Step } from './lane';
import { objectBytes } from './sizes';
import { sameCell, Worlds } from './space-index';
import { writePlacement } from './write-changes';

/**
 * How far a pass over all objects of the brane has come. A pass in the order of the ids misses nothing, whatever moves
 * meanwhile: an edit that writes an object puts it into its right cell, and a group that moves is re-keyed by its own edit
 * or listed anew.
 */
interface Progress {
  readonly epoch: Epoch;
  /** The head's when the pass began: groups that were moved (and listed) later need another pass. */
  readonly seq: number;
  readonly after: string;
}

const STEP_BYTES = 400_000;

/** One bounded step of the re-keying of the groups that the head lists (SYNC S2); `true` when none is listed any more. */
export async function rekeyStep(ground: Ground, limit: number): Promise<Step<boolean>> {
  const { head, tx } = ground;
  const listed = head.rekeying ?? [];
  if (listed.length === 0) return { value: true };
  const progress = (await readProgress(ground)) ?? start(head);
  const last = await rekeyPage(ground, progress.after, limit);
  if (last !== undefined) {
    writeProgress(tx, head, { ...progress, after: last });
    tx.guard('heads', [head.brane_id]);
    return { value: false };
  }
  const left = await stillToDo(ground, listed, progress);
  const { rekeying: _done, ...rest } = head;
  if (left.length === 0) {
    tx.delete('meta', [progressKey(head)]);
    return { value: true, head: rest };
  }
  writeProgress(tx, head, start(head));
  return { value: false, head: { ...rest, rekeying: left } };
}

/** Puts the next objects into their cells; answers the last id that was looked at, or undefined at the end of the brane. */
async function rekeyPage(ground: Ground, after: string, limit: number): Promise<string | undefined> {
  const { head, tx, load, replica } = ground;
  const page = await tx.range('objects', { prefix: [head.brane_id], gt: [after], limit });
  const parents = page.flatMap(({ parent_id }) => (parent_id === null ? [] : [parent_id]));
  await load.objects(parents);
  const worlds = new Worlds(replica);
  let bytes = 0;
  for (const { object, cell, id } of page) {
    const to = worlds.cellOf(object);
    if (sameCell(cell, to)) continue;
    writePlacement(tx, { object, from: cell, to });
    bytes += objectBytes(object);
    if (bytes > STEP_BYTES) return id;
  }
  return page.length < limit ? undefined : page.at(-1)?.id;
}

/** Those that were moved after the pass began. A move touches the group: its seq tells. */
async function stillToDo(
  ground: Ground,
  listed: readonly ObjectId[],
  progress: Progress,
): Promise<ObjectId[]> {
  await ground.load.objects(listed);
  return listed.filter((id) => {
    const root = ground.replica.get(id);
    return root !== undefined && root.seq > progress.seq;
  });
}

function start(head: HeadDoc): Progress {
  return { epoch: head.epoch, seq: head.seq, after: '' };
}

export function progressKey(head: HeadDoc): string {
  return `rekey/${head.brane_id}`;
}

async function readProgress({ tx, head }: Ground): Promise<Progress | undefined> {
  const doc = await tx.get('meta', [progressKey(head)]);
  const progress = doc?.value as Progress | undefined;
  return progress?.epoch === head.epoch ? progress : undefined;
}

function writeProgress(tx: Transaction, head: HeadDoc, progress: Progress): void {
  tx.put('meta', { key: progressKey(head), value: progress });
}
