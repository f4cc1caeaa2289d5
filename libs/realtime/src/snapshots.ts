import type { Position, Snapshot } from '@state-server/commit';
import type { BraneId, BraneMeta, Environment, ObjectId, SceneObject } from '@state-server/domain';
import { encodeCbor, MAX_SNAPSHOT_CHUNK_BYTES } from '@state-server/protocol';
import { assembleCbor } from './cbor-assembly';
import type { LogSource, RealtimeMetrics } from './ports';
import { SharedFrame } from './shared-frame';

/** A brane's state at one position, encoded for all who join near it. */
export interface EncodedSnapshot extends Position {
  readonly meta: BraneMeta;
  /** `brane.snapshot` frames; at least one. */
  readonly chunks: readonly SharedFrame[];
  readonly bytes: number;
}

export interface SnapshotDeps {
  readonly source: Pick<LogSource, 'snapshot'>;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly limits: {
    readonly snapshot_shared_entries: number;
    readonly catch_up_entries: number;
    readonly snapshot_cache_bytes: number;
  };
  readonly metrics?: RealtimeMetrics;
}

/** Room in a chunk for what is not objects. */
const ENVELOPE_BYTES = 256;
/** Milliseconds of work between two breaths of the event loop. */
const SLICE_MS = 8;

/** Snapshots of all branes: built one at a time per brane, shared while the log behind them is short (SYNC R2). */
export class Snapshots {
  /** In order of their last use. */
  private readonly cache = new Map<BraneId, EncodedSnapshot>();
  private readonly building = new Map<BraneId, Promise<EncodedSnapshot | undefined>>();
  private bytes = 0;

  constructor(private readonly deps: SnapshotDeps) {}

  /**
   * A snapshot near `now`, and above `newerThan`: below it the log is gone (SYNC R3). It may be ahead of `now`. Undefined
   * when there is no such brane any more.
   */
  async get(braneId: BraneId, now: Position, newerThan: number): Promise<EncodedSnapshot | undefined> {
    const { snapshot_shared_entries: shared, catch_up_entries: followed } = this.deps.limits;
    const fits = (snapshot: EncodedSnapshot | undefined): boolean =>
      snapshot?.epoch === now.epoch &&
      snapshot.seq > newerThan &&
      now.seq - snapshot.seq <= Math.min(shared, followed);
    const cached = this.cache.get(braneId);
    if (cached && fits(cached)) {
      this.keep(braneId, cached);
      return cached;
    }
    const running = this.building.get(braneId);
    if (running) {
      const built = await running;
      if (built && fits(built)) return built;
    }
    return this.building.get(braneId) ?? this.start(braneId);
  }

  forget(braneId: BraneId): void {
    const cached = this.cache.get(braneId);
    if (!cached) return;
    this.bytes -= cached.bytes;
    this.cache.delete(braneId);
  }

  private start(braneId: BraneId): Promise<EncodedSnapshot | undefined> {
    const build = this.build(braneId).finally(() => this.building.delete(braneId));
    this.building.set(braneId, build);
    return build;
  }

  private async build(braneId: BraneId): Promise<EncodedSnapshot | undefined> {
    const { source, environment, metrics } = this.deps;
    const started = environment.clock.monotonic();
    const snapshot = await source.snapshot(braneId);
    if (!snapshot) return undefined;
    const chunks = await encodeChunks(braneId, snapshot, environment);
    let bytes = 0;
    for (const chunk of chunks) bytes += chunk.cbor.byteLength;
    const encoded: EncodedSnapshot = { ...snapshot.head, meta: snapshot.meta, chunks, bytes };
    metrics?.snapshotBuilt?.({
      objects: snapshot.objects.length,
      bytes,
      ms: environment.clock.monotonic() - started,
    });
    this.keep(braneId, encoded);
    return encoded;
  }

  private keep(braneId: BraneId, snapshot: EncodedSnapshot): void {
    this.forget(braneId);
    if (snapshot.bytes > this.deps.limits.snapshot_cache_bytes) return;
    this.cache.set(braneId, snapshot);
    this.bytes += snapshot.bytes;
    for (const oldest of this.cache.keys()) {
      if (this.bytes <= this.deps.limits.snapshot_cache_bytes) break;
      this.forget(oldest);
    }
  }
}

async function encodeChunks(
  braneId: BraneId,
  snapshot: Snapshot,
  { clock, timers }: Pick<Environment, 'clock' | 'timers'>,
): Promise<SharedFrame[]> {
  const chunks: SharedFrame[] = [];
  let items: Uint8Array[] = [];
  let bytes = 0;
  const cut = (): void => {
    const { epoch, seq } = snapshot.head;
    const fields = { type: 'brane.snapshot', brane_id: braneId, epoch, seq, part: chunks.length };
    chunks.push(new SharedFrame(assembleCbor(fields, 'objects', items)));
    items = [];
    bytes = 0;
  };
  let since = clock.monotonic();
  for (const object of parentsFirst(snapshot.objects)) {
    const item = encodeCbor(object);
    if (items.length > 0 && bytes + item.byteLength > MAX_SNAPSHOT_CHUNK_BYTES - ENVELOPE_BYTES) cut();
    items.push(item);
    bytes += item.byteLength;
    if (clock.monotonic() - since < SLICE_MS) continue;
    await new Promise<void>((resolve) => void timers.set(0, resolve));
    since = clock.monotonic();
  }
  if (items.length > 0 || chunks.length === 0) cut();
  return chunks;
}

/** So that a client can hang each object where it belongs as it comes in. */
function* parentsFirst(objects: readonly SceneObject[]): Generator<SceneObject> {
  const children = new Map<ObjectId | null, SceneObject[]>();
  for (const object of objects) {
    const siblings = children.get(object.parent_id);
    if (siblings) siblings.push(object);
    else children.set(object.parent_id, [object]);
  }
  const open = [children.get(null) ?? []];
  for (let level = open.pop(); level; level = open.pop()) {
    for (const object of level) {
      yield object;
      const below = children.get(object.id);
      if (below) open.push(below);
    }
  }
}
