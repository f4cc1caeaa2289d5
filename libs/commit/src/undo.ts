import {
  type OpContext,
  type OpId,
  prototypeRules,
  resolveUndo,
  type Resolved,
  type WorkingCopy,
} from '@state-server/domain';
import { fail, fromRefusal, StateError } from '@state-server/protocol';
import type { LogDoc, OpResultDoc } from '@state-server/persistence-port';
import { decodeEntryOps } from './frame';
import type { Ground } from './lane';
import { preloadInverses } from './preload';
import type { Work } from './work';

/**
 * What is to be taken back is a move between branes: that takes a transaction of both, which a group of one brane cannot be.
 * Never seen outside: the committer makes the reverse move instead (SYNC U3).
 */
export class UndoesTransfer extends StateError {
  constructor(readonly target: OpId) {
    super('commit.conflict', 'the undo of a move between branes', { status: 503, retryable: true });
  }
}

/** A resolved undo or redo, and the records whose standing it changes. */
export interface TakenBack {
  readonly resolved: Resolved;
  /** The edit that this is about, through all its undos and redos. */
  readonly target: OpId;
  readonly marked: readonly OpResultDoc[];
}

type Direction = 'undo' | 'redo';

/**
 * What became of an edit. `done`: its effect stands, by itself or through a redo; `undone`: an undo stands. `entry` is the
 * record of the log entry whose inverses lead to the other side.
 */
interface Standing {
  readonly state: 'done' | 'undone';
  readonly entry: OpResultDoc;
  readonly original: OpResultDoc;
}

const PAGE = 64;
/** Records looked at for the user's latest; older ones have to be named. */
const MAX_LOOKED_AT = 256;
/** From an edit over its latest undo to the redo of that: two, and more only where records were forgotten. */
const MAX_HOPS = 16;
/** Candidates tried in vain before the undo is refused. */
const MAX_TRIED = 16;

/**
 * Takes back one edit of this user, or does it again (SYNC U1, U2). A named target may be the edit or any undo or redo of
 * it. Without a name it is the user's latest that can be taken back: one that was superseded is passed over.
 */
export async function takeBack(
  ground: Ground,
  copy: WorkingCopy,
  work: Work,
  direction: Direction,
  { target, pastTransfers }: { readonly target: OpId | undefined; readonly pastTransfers?: boolean },
  context: OpContext,
): Promise<TakenBack> {
  const history = new History(ground, work);
  if (target !== undefined) {
    const named = await history.get(target);
    if (!named || named.refused || named.kind === 'system') throw notFound(target);
    return apply(ground, copy, await history.standing(named), direction, context, work);
  }
  let superseded: StateError | undefined;
  let tried = 0;
  for await (const candidate of history.latest(direction)) {
    if (candidate.transfer && pastTransfers) continue;
    tried += 1;
    try {
      return await apply(ground, copy, await history.standing(candidate), direction, context, work);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      // Those before it are older still.
      if (error.code === 'undo.too_old') throw superseded ?? error;
      if (error.code !== 'undo.superseded' || tried >= MAX_TRIED) throw error;
      superseded ??= error;
    }
  }
  throw superseded ?? fail('undo.nothing');
}

async function apply(
  ground: Ground,
  copy: WorkingCopy,
  standing: Standing,
  direction: Direction,
  context: OpContext,
  work: Work,
): Promise<TakenBack> {
  const { entry, original, state } = standing;
  if (state !== (direction === 'undo' ? 'done' : 'undone')) {
    throw fail('undo.already_done', { target_op_id: original.op_id, direction });
  }
  if (entry.transfer) throw new UndoesTransfer(original.op_id);
  const logged = await logEntry(ground, entry);
  const created = decodeEntryOps(logged.frame).flatMap((op) => (op.op === 'create' ? [op.object.id] : []));
  await preloadInverses(ground, copy, logged.inverses, created.length);
  const rules = prototypeRules(ground.load.prototypes);
  const before = copy.savepoint();
  const result = await ground.load.run(
    () => resolveUndo(copy, logged.inverses, context, { seq: logged.seq, created }, rules),
    () => copy.rollback(before),
  );
  if (!result.ok) throw fromRefusal(result.refusal);
  const mark = { undone_by: work.request.op_id };
  const marked = [{ ...entry, ...mark }];
  // The edit itself points at its latest undo, so that it can be found however often it went to and fro.
  if (direction === 'undo' && original.op_id !== entry.op_id) marked.push({ ...original, ...mark });
  return { resolved: result.value, target: original.op_id, marked };
}

/** The entry with its inverses; below the floor of the log it cannot be taken back any more (SYNC R3). */
async function logEntry(ground: Ground, record: OpResultDoc): Promise<LogDoc> {
  const { head, tx } = ground;
  const isOurs = record.epoch === head.epoch;
  if (isOurs && record.seq < head.log_floor) throw fail('undo.too_old', { target_op_id: record.op_id });
  const entry = isOurs ? await tx.get('log', [head.brane_id, record.seq]) : undefined;
  if (entry?.op_id !== record.op_id) throw notFound(record.op_id);
  return entry;
}

function notFound(target: OpId): StateError {
  return fail('undo.not_found', { target_op_id: target });
}

/** One user's records in one brane, through the transaction: what it has written itself counts. */
class History {
  constructor(
    private readonly ground: Ground,
    private readonly work: Work,
  ) {}

  get(opId: OpId): Promise<OpResultDoc | undefined> {
    const { brane_id, actor } = this.work.request;
    return this.ground.tx.get('op_results', [brane_id, actor.user_id, opId]);
  }

  async standing(named: OpResultDoc): Promise<Standing> {
    const target = named.kind === 'edit' ? undefined : named.target_op_id;
    // Without its record, which may have been forgotten (SYNC I4), the undo or redo stands for the edit.
    const original = (target && (await this.get(target))) ?? named;
    let entry = original;
    for (let hops = 0; entry.undone_by !== undefined && hops < MAX_HOPS; hops += 1) {
      const next = await this.get(entry.undone_by);
      if (!next) break;
      entry = next;
    }
    return { state: entry.kind === 'undo' ? 'undone' : 'done', entry, original };
  }

  /**
   * Newest first: what stands and can be taken back (an undo: by a redo). What the user has newly edited ends what can be done
   * again without a name, on whatever device it was taken back, as everywhere (SYNC U2).
   */
  async *latest(direction: Direction): AsyncGenerator<OpResultDoc> {
    const { brane_id, actor } = this.work.request;
    let before: readonly [number, string] | undefined;
    for (let looked = 0; looked < MAX_LOOKED_AT; looked += PAGE) {
      const page = await this.ground.tx.range('op_results', {
        index: 'by_user_seq',
        prefix: [brane_id, actor.user_id],
        ...(before ? { lt: before } : {}),
        reverse: true,
        limit: PAGE,
      });
      for (const record of page) {
        if (stands(record, direction)) yield record;
        if (direction === 'redo' && record.kind === 'edit' && !record.refused) return;
      }
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      before = [last.seq, last.op_id];
    }
  }
}

function stands(record: OpResultDoc, direction: Direction): boolean {
  if (record.refused || record.undone_by !== undefined) return false;
  if (direction === 'redo') return record.kind === 'undo';
  return record.kind !== 'undo' && record.kind !== 'system';
}
