import type { BraneId, Epoch } from '@state-server/domain';
import type { HeadDoc, LogDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import type { BraneMessage } from './committer';
import { withReadErrors } from './errors';
import type { Position } from './read';

/**
 * - `entries`: gapless from `after` + 1; the last one may stand before `head.seq` when the limits cut the answer;
 * - `snapshot`: what stands between cannot be told: another epoch, a seq that this log has not reached (SYNC L3), or
 *   entries that are gone (SYNC R3): take a snapshot;
 * - `gone`: no such brane, or it is being purged.
 */
export type LogSlice =
  | { readonly kind: 'entries'; readonly head: Position; readonly entries: readonly BraneMessage[] }
  | {
      readonly kind: 'snapshot';
      readonly head: Position;
      readonly reason: 'epoch' | 'ahead' | 'below_floor';
    }
  | { readonly kind: 'gone' };

export interface LogRange {
  /** Of the reader; undefined reads whatever the epoch is. */
  readonly epoch?: Epoch;
  /** Entries above this seq; 0 for all. */
  readonly after: number;
  /** At most this many entries. */
  readonly limit: number;
  /** Stops after the entry that makes the frames exceed this many bytes. */
  readonly maxBytes?: number;
}

/** Entries in one range read of the store. */
const PAGE = 200;

/** Reads a part of the log; the floor is checked in the same snapshot (SYNC R3). */
export async function readLog(store: Store, braneId: BraneId, range: LogRange): Promise<LogSlice> {
  return withReadErrors(
    store.read({ label: 'commit.read_log' }, async (tx): Promise<LogSlice> => {
      const head = await tx.get('heads', [braneId]);
      if (!head || head.status === 'purging' || head.status === 'purged') return { kind: 'gone' };
      const at: Position = { epoch: head.epoch, seq: head.seq };
      const reason = whyNot(head, range);
      if (reason) return { kind: 'snapshot', head: at, reason };
      const entries = await collect(tx, head, range);
      return { kind: 'entries', head: at, entries: entries.map(toMessage) };
    }),
  );
}

export function toMessage(entry: LogDoc): BraneMessage {
  return { epoch: entry.epoch, seq: entry.seq, frame: entry.frame };
}

function whyNot(head: HeadDoc, range: LogRange): 'epoch' | 'ahead' | 'below_floor' | undefined {
  if (range.epoch !== undefined && range.epoch !== head.epoch) return 'epoch';
  if (range.after > head.seq) return 'ahead';
  if (range.after + 1 < head.log_floor) return 'below_floor';
  return undefined;
}

async function collect(tx: ReadTransaction, head: HeadDoc, range: LogRange): Promise<LogDoc[]> {
  const maxBytes = range.maxBytes ?? Number.POSITIVE_INFINITY;
  const entries: LogDoc[] = [];
  let after = range.after;
  let bytes = 0;
  while (after < head.seq && entries.length < range.limit && bytes <= maxBytes) {
    const page = await tx.range('log', {
      prefix: [head.brane_id],
      gt: [after],
      lte: [head.seq],
      limit: Math.min(PAGE, range.limit - entries.length),
    });
    for (const entry of page) {
      if (entry.seq !== after + 1 || bytes > maxBytes) return entries;
      entries.push(entry);
      after = entry.seq;
      bytes += entry.frame.byteLength;
    }
    if (page.length === 0) return entries;
  }
  return entries;
}
