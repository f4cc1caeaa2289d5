import type { BraneId, BraneMeta } from '@state-server/domain';
import type {
  CheckpointChunkRow,
  CheckpointDoc,
  CheckpointPageDoc,
  HeadDoc,
  ReadTransaction,
} from '@state-server/persistence-port';
import type { Position } from '../read';
import type { ChunkRef } from './chunk';

/** A brane's state as chunks. */
export interface Manifest extends Position {
  readonly brane_id: BraneId;
  readonly meta: BraneMeta;
  /** In the order of their ids. */
  readonly chunks: readonly ChunkRef[];
  /**
   * Some objects may stand as late as at this seq, because they were read later than others. At `seq` itself the state is
   * one that the brane has been in; otherwise only the log up to here makes it one.
   */
  readonly reached: number;
}

/** Chunks on one page of the list: with the members of a brane a page stays below the size of one value. */
const ROWS_PER_PAGE = 500;

export function toPages(manifest: Manifest, build: string): CheckpointPageDoc[] {
  const pages: CheckpointPageDoc[] = [];
  for (let start = 0; start === 0 || start < manifest.chunks.length; start += ROWS_PER_PAGE) {
    const builds = new Map<string, number>();
    const chunks = manifest.chunks.slice(start, start + ROWS_PER_PAGE).map((ref): CheckpointChunkRow => {
      const index = builds.get(ref.build) ?? builds.size;
      builds.set(ref.build, index);
      return [ref.first, index, ref.number, ref.objects, ref.bytes];
    });
    pages.push({
      brane_id: manifest.brane_id,
      build,
      page: pages.length,
      ...(pages.length === 0 ? { meta: manifest.meta } : {}),
      builds: [...builds.keys()],
      chunks,
    });
  }
  return pages;
}

/** The list of chunks is not there as a whole. */
export class PagesLost extends Error {}

/** Of the checkpoint that the pointer names, in the pointer's own transaction: its pages are there. */
export async function readManifest(tx: ReadTransaction, pointer: CheckpointDoc): Promise<Manifest> {
  const { brane_id, build, epoch, seq } = pointer;
  const keys = Array.from({ length: pointer.pages }, (_, page) => [brane_id, build, page]);
  const chunks: ChunkRef[] = [];
  let meta: BraneMeta | undefined;
  for (const page of await tx.getMany('checkpoint_pages', keys)) {
    if (!page) throw new PagesLost(`the checkpoint ${build} of ${brane_id} lacks a page`);
    meta ??= page.meta;
    for (const [first, index, number, objects, bytes] of page.chunks) {
      chunks.push({ first, build: page.builds[index] ?? '', number, objects, bytes });
    }
  }
  if (!meta) throw new PagesLost(`the checkpoint ${build} of ${brane_id} lacks its brane`);
  return { brane_id, epoch, seq, reached: seq, meta, chunks };
}

/** The log of this head goes on where that state ends (SYNC L3, R3). */
export function leadsOn(head: HeadDoc, { epoch, seq }: Position): boolean {
  return epoch === head.epoch && seq <= head.seq && seq + 1 >= head.log_floor;
}
