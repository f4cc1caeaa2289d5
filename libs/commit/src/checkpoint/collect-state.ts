import type { BraneId, Environment, ObjectId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { type Breathe, breather } from '../breathe';
import { advance, type AdvanceDeps, LogGone, type StretchLimits } from './advance';
import type { Chunk } from './chunk';
import { Diverged } from './log-patch';
import type { Manifest } from './manifest';
import { scanObjects } from './scan-objects';
import { MemoryShelf } from './shelf';

export const STRETCH: StretchLimits = { entries: 5_000, bytes: 8 * 1024 * 1024 };
/** A brane whose epoch changes, or that is compacted, while it is read. */
const TRIES = 3;

/** Brings what was read at different moments to one: the log tells what each object lacks. */
export async function settle(
  deps: AdvanceDeps,
  scanned: Manifest,
  limits: StretchLimits = STRETCH,
): Promise<Manifest> {
  const lost = new Set<ObjectId>();
  let manifest = scanned;
  while (manifest.seq < manifest.reached) {
    ({ manifest } = await advance(deps, manifest, manifest.reached, limits, lost));
  }
  for (const id of lost) throw new Diverged(id, manifest.seq, 'the object is not there');
  return manifest;
}

export interface CollectedState {
  readonly manifest: Manifest;
  readonly chunks: readonly Chunk[];
}

/** The whole brane from its objects, at one seq, in memory; undefined when there is none or it is being purged. */
export async function collectState(
  store: Store,
  braneId: BraneId,
  environment: Pick<Environment, 'clock' | 'timers'> | undefined,
): Promise<CollectedState | undefined> {
  const breathe = breather(environment);
  for (let tries = 1; ; tries += 1) {
    try {
      return await collectOnce(store, braneId, breathe);
    } catch (error) {
      if (!(error instanceof LogGone) || tries === TRIES) throw error;
    }
  }
}

async function collectOnce(
  store: Store,
  braneId: BraneId,
  breathe: Breathe,
): Promise<CollectedState | undefined> {
  const shelf = new MemoryShelf('');
  const scanned = await scanObjects(store, shelf, braneId, breathe);
  if (!scanned) return undefined;
  const manifest = await settle({ store, shelf, breathe }, scanned);
  return { manifest, chunks: await Promise.all(manifest.chunks.map((ref) => shelf.get(ref))) };
}
