import { withReadErrors } from '@state-server/commit';
import type { BraneId, UserId } from '@state-server/domain';
import type { LogDoc, Store } from '@state-server/persistence-port';
import { FROM_SERVER, type LogEntryResource, decodeCbor } from '@state-server/protocol';
import { type FoundBrane, findBrane } from './find-brane';

export interface ListHistory {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  /** Entries above this seq. */
  readonly after: number;
  readonly limit: number;
}

export interface History {
  readonly brane: FoundBrane;
  readonly entries: readonly LogEntryResource[];
  /** False when the log goes on after the last entry. */
  readonly complete: boolean;
}

/** A page ends after the entry that makes the encoded entries exceed this many bytes. */
const PAGE_BYTES = 1_048_576;

/**
 * Entries of the log, oldest first. Those that compaction took (below `log_floor`, SYNC R3) are not there any more: the
 * list then begins at the floor. Throws `brane.not_found`.
 */
export async function listHistory(store: Store, input: ListHistory): Promise<History> {
  const brane = await findBrane(store, input.user_id, input.brane_id);
  const found = await withReadErrors(
    store.read({ label: 'brane.history' }, async (tx) => {
      // Of this very snapshot: the log may have been trimmed since the brane was read.
      const head = await tx.get('heads', [input.brane_id]);
      return tx.range('log', {
        prefix: [input.brane_id],
        gt: [Math.max(input.after, (head?.log_floor ?? 1) - 1)],
        limit: input.limit + 1,
      });
    }),
  );
  const page = cut(found, input.limit);
  return { brane, entries: page.map(toEntry), complete: page.length === found.length };
}

function cut(found: readonly LogDoc[], limit: number): readonly LogDoc[] {
  let bytes = 0;
  const end = found.findIndex((entry) => {
    bytes += entry.frame.byteLength;
    return bytes > PAGE_BYTES;
  });
  return found.slice(0, Math.min(limit, end < 0 ? found.length : end + 1));
}

function toEntry(entry: LogDoc): LogEntryResource {
  const { seq, epoch, op_id, kind, actor, at } = entry;
  // The frame is what this server encoded and stored itself (SYNC P3 guards it).
  const { ops } = decodeCbor(entry.frame, FROM_SERVER) as Pick<LogEntryResource, 'ops'>;
  return { seq, epoch, op_id, kind, actor, at, ops };
}
