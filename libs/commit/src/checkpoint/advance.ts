import type { ObjectId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import type { Breathe } from '../breathe';
import { readLog } from '../read-log';
import { bytesOf, CHUNK_BYTES, type ChunkRef, cut, type Item, pack, toItem, unpack } from './chunk';
import { LogPatch } from './log-patch';
import type { Manifest } from './manifest';
import type { Shelf } from './shelf';

/** What is read of the log before it is applied: bounds the memory that a step takes. */
export interface StretchLimits {
  readonly entries: number;
  readonly bytes: number;
}

export interface AdvanceDeps {
  readonly store: Store;
  readonly shelf: Shelf;
  readonly breathe: Breathe;
  /** Entries of whatever epoch are followed: for what is past, all of which stands in this store. */
  readonly anyEpoch?: boolean;
}

/** The log after the state is not to be had any more: another epoch, the brane is being purged, entries are gone. */
export class LogGone extends Error {
  constructor(why: string) {
    super(`the log cannot be followed: ${why}`);
    this.name = 'LogGone';
  }
}

const PAGE = { limit: 200, maxBytes: 262_144 } as const;

/**
 * The state after the next stretch of the log, at most up to `target`; chunks that it does not touch stay what they are.
 * `lost`: see LogPatch.
 */
export async function advance(
  deps: AdvanceDeps,
  from: Manifest,
  target: number,
  limits: StretchLimits,
  lost: Set<ObjectId>,
): Promise<{ readonly manifest: Manifest; readonly patch: LogPatch }> {
  const patch = await readStretch(deps, from, target, limits);
  const chunks = await applyPatch(deps, from.chunks, patch, lost);
  const { seq, meta } = patch;
  return { manifest: { ...from, seq, meta, chunks, reached: Math.max(from.reached, seq) }, patch };
}

async function readStretch(
  { store, breathe, anyEpoch }: AdvanceDeps,
  from: Manifest,
  target: number,
  limits: StretchLimits,
): Promise<LogPatch> {
  const patch = new LogPatch(from.seq, from.meta);
  while (patch.seq < target && patch.entries < limits.entries && patch.bytes < limits.bytes) {
    const limit = Math.min(PAGE.limit, target - patch.seq, limits.entries - patch.entries);
    const epoch = anyEpoch ? {} : { epoch: from.epoch };
    const range = { ...epoch, after: patch.seq, limit, maxBytes: PAGE.maxBytes };
    const slice = await readLog(store, from.brane_id, range);
    if (slice.kind !== 'entries') throw new LogGone(slice.kind === 'gone' ? 'purged' : slice.reason);
    if (slice.entries.length === 0) throw new LogGone(`nothing after ${patch.seq}`);
    for (const entry of slice.entries) {
      patch.add(entry);
      await breathe();
    }
  }
  return patch;
}

async function applyPatch(
  { shelf, breathe }: AdvanceDeps,
  chunks: readonly ChunkRef[],
  patch: LogPatch,
  lost: Set<ObjectId>,
): Promise<ChunkRef[]> {
  const out: ChunkRef[] = [];
  const put = async (items: readonly Item[]): Promise<void> => {
    for (const part of cut(items)) {
      const [first] = part;
      if (first) out.push(await shelf.put(first.object.id, pack(part)));
    }
  };
  const ids = patch.ids();
  let at = 0;
  /** What is left of a chunk that has become too small: it goes into the next one. */
  let carried: Item[] = [];
  for (const [index, ref] of chunks.entries()) {
    const end = chunks[index + 1]?.first;
    const from = at;
    for (let id = ids[at]; id !== undefined && (end === undefined || id < end); id = ids[at]) at += 1;
    if (at === from && carried.length === 0) {
      out.push(ref);
      continue;
    }
    const before = unpack(await shelf.get(ref));
    const { items, changed } = merge(before, ids.slice(from, at), patch, lost);
    if (!changed && carried.length === 0) {
      out.push(ref);
    } else {
      const all = [...carried, ...items];
      carried = end !== undefined && bytesOf(all) < CHUNK_BYTES.least ? all : [];
      if (carried.length === 0) await put(all);
    }
    await breathe();
  }
  if (chunks.length === 0) await put(merge([], ids, patch, lost).items);
  return out;
}

/** Both lists are in the order of the ids. */
function merge(
  before: readonly Item[],
  ids: readonly ObjectId[],
  patch: LogPatch,
  lost: Set<ObjectId>,
): { readonly items: Item[]; readonly changed: boolean } {
  const items: Item[] = [];
  let changed = false;
  let at = 0;
  const bring = (id: ObjectId, known: Item | undefined): void => {
    const object = patch.bring(id, known?.object, lost);
    if (object === known?.object) {
      if (known) items.push(known);
      return;
    }
    changed = true;
    if (object) items.push(toItem(object));
  };
  for (const item of before) {
    const { id } = item.object;
    for (let next = ids[at]; next !== undefined && next < id; next = ids[at]) {
      bring(next, undefined);
      at += 1;
    }
    if (ids[at] === id) {
      bring(id, item);
      at += 1;
    } else items.push(item);
  }
  for (const id of ids.slice(at)) bring(id, undefined);
  return { items, changed };
}
