import { withReadErrors } from '@state-server/commit';
import type { BraneId, ObjectId, Op, UserId } from '@state-server/domain';
import type { HeadDoc, LogDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { FROM_SERVER, type LogEntryResource, decodeCbor } from '@state-server/protocol';
import { type FoundBrane, findBrane } from './find-brane';

export interface ListHistory {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  /** Entries above this seq. */
  readonly after: number;
  /** Newest first: entries below this seq; default: all. */
  readonly before?: number;
  readonly order?: 'asc' | 'desc';
  readonly actor?: UserId;
  readonly object?: ObjectId;
  /** RFC 3339 UTC with milliseconds, both included. */
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
}

export interface History {
  readonly brane: FoundBrane;
  readonly entries: readonly LogEntryResource[];
  /** The last seq that was looked at, when the log goes on behind it: there may be more. */
  readonly next: number | undefined;
}

/** A page ends after the entry that makes the encoded entries exceed this many bytes. */
const PAGE_BYTES = 1_048_576;
/** Entries that one page looks at, however few of them are wanted; and at a time. */
const SCAN = { most: 2_000, batch: 200 } as const;

/**
 * Entries of the log. Those that compaction took (below `log_floor`, SYNC R3) are not there any more: the list then begins
 * at the floor. A page that has looked at enough entries ends, though it may hold few or none. Throws `brane.not_found`.
 */
export async function listHistory(store: Store, input: ListHistory): Promise<History> {
  const brane = await findBrane(store, input.user_id, input.brane_id);
  return withReadErrors(
    store.read({ label: 'brane.history' }, async (tx) => {
      // Of this very snapshot: the log may have been trimmed since the brane was read.
      const head = (await tx.get('heads', [input.brane_id])) ?? brane.head;
      const bounds = await boundsOf(tx, head, input);
      return { brane, ...(await collect(tx, input, bounds)) };
    }),
  );
}

/** Seqs, both included. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

async function boundsOf(tx: ReadTransaction, head: HeadDoc, input: ListHistory): Promise<Bounds> {
  const { after, before, since, until } = input;
  let low = Math.max(after + 1, head.log_floor);
  let high = Math.min(head.seq, (before ?? head.seq + 1) - 1);
  if (since !== undefined) low = await firstWhere(tx, input.brane_id, { low, high }, (at) => at >= since);
  if (until !== undefined)
    high = (await firstWhere(tx, input.brane_id, { low, high }, (at) => at > until)) - 1;
  return { low, high };
}

/** The first seq whose time is so; `high` + 1 when there is none. Times rise with the seq (SYNC L4). */
async function firstWhere(
  tx: ReadTransaction,
  braneId: BraneId,
  { low, high }: Bounds,
  isSo: (at: string) => boolean,
): Promise<number> {
  let from = low;
  let to = high + 1;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const entry = await tx.get('log', [braneId, middle]);
    if (entry && isSo(entry.at)) to = middle;
    else from = middle + 1;
  }
  return from;
}

async function collect(
  tx: ReadTransaction,
  input: ListHistory,
  bounds: Bounds,
): Promise<Pick<History, 'entries' | 'next'>> {
  const entries: LogEntryResource[] = [];
  const isDown = input.order === 'desc';
  let { low, high } = bounds;
  let bytes = 0;
  for (let looked = 0; low <= high;) {
    const range = { prefix: [input.brane_id], gte: [low], lte: [high], reverse: isDown };
    // No more is read than the page may need, for entries are large.
    const few = input.actor === undefined && input.object === undefined;
    const batch = few ? Math.min(SCAN.batch, input.limit - entries.length) : SCAN.batch;
    const page = await tx.range('log', { ...range, limit: batch });
    for (const entry of page) {
      if (isDown) high = entry.seq - 1;
      else low = entry.seq + 1;
      const wanted = toWanted(entry, input);
      if (!wanted) continue;
      entries.push(wanted);
      bytes += entry.frame.byteLength;
      if (entries.length >= input.limit || bytes > PAGE_BYTES) {
        return { entries, next: low <= high ? entry.seq : undefined };
      }
    }
    looked += page.length;
    const last = page.at(-1);
    if (!last) break;
    if (looked >= SCAN.most) return { entries, next: low <= high ? last.seq : undefined };
  }
  return { entries, next: undefined };
}

function toWanted(entry: LogDoc, { actor, object }: ListHistory): LogEntryResource | undefined {
  if (actor !== undefined && entry.actor !== actor) return undefined;
  const found = toEntry(entry);
  return object === undefined || found.ops.some((op) => touches(op, object)) ? found : undefined;
}

function touches(op: Op, id: ObjectId): boolean {
  switch (op.op) {
    case 'create':
      return op.object.id === id;
    case 'update':
    case 'transform':
    case 'move':
    case 'delete':
    case 'undelete':
      return op.id === id;
    case 'reorder':
      return Object.hasOwn(op.orders, id);
    case 'reap':
      return op.ids.includes(id);
    default:
      return false;
  }
}

function toEntry(entry: LogDoc): LogEntryResource {
  const { seq, epoch, op_id, kind, actor, at, operation_id } = entry;
  // The frame is what this server encoded and stored itself (SYNC P3 guards it).
  const { ops } = decodeCbor(entry.frame, FROM_SERVER) as Pick<LogEntryResource, 'ops'>;
  return { seq, epoch, op_id, kind, actor, at, ops, ...(operation_id === undefined ? {} : { operation_id }) };
}
