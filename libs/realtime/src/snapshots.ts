import type { Position, StateChunk } from '@state-server/commit';
import type { BraneId, BraneMeta, Environment } from '@state-server/domain';
import type { LogSource, RealtimeMetrics } from './ports';
import type { SharedFrame } from './shared-frame';
import { snapshotFrames } from './snapshot-frames';

/** A brane's state at one position, encoded for all who join near it. */
export interface EncodedSnapshot extends Position {
  readonly meta: BraneMeta;
  /** `brane.snapshot` frames; at least one. */
  readonly chunks: readonly SharedFrame[];
  readonly bytes: number;
}

export interface SnapshotDeps {
  readonly source: Pick<LogSource, 'state' | 'checkpoint'>;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  readonly limits: {
    readonly snapshot_shared_entries: number;
    readonly catch_up_entries: number;
    readonly snapshot_cache_bytes: number;
    readonly checkpoint_look_ms: number;
  };
  readonly metrics?: RealtimeMetrics;
}

/** Where a state stands, and how large it is. */
interface Stand extends Position {
  readonly objects: number;
}

/** A snapshot with what the next one may take over from it. */
interface Held extends EncodedSnapshot, Stand {
  /** By their keys; their bytes are those in the frames. */
  readonly parts: ReadonlyMap<string, StateChunk>;
  /** Monotonic ms: when a newer checkpoint was last looked for. */
  lookedAt: number;
}

/**
 * Snapshots of all branes: the stored checkpoint's chunks as they are, or the objects where there is none; got by one
 * reader at a time per brane, shared while the log behind them is short (SYNC R2).
 */
export class Snapshots {
  /** In order of their last use. */
  private readonly cache = new Map<BraneId, Held>();
  private readonly building = new Map<BraneId, Promise<Held | undefined>>();
  private bytes = 0;

  constructor(private readonly deps: SnapshotDeps) {}

  /**
   * A snapshot near `now`, and above `newerThan`: below it the log is gone (SYNC R3). It may be ahead of `now`. Undefined
   * when there is no such brane any more.
   */
  async get(braneId: BraneId, now: Position, newerThan: number): Promise<EncodedSnapshot | undefined> {
    const fits = (held: Held | undefined): held is Held =>
      held !== undefined && this.fits(held, now, newerThan);
    const cached = this.cache.get(braneId);
    if (fits(cached) && !this.isStale(cached, now)) {
      this.keep(braneId, cached);
      return cached;
    }
    const running = this.building.get(braneId);
    if (running) {
      const built = await running;
      if (fits(built)) return built;
    }
    return this.building.get(braneId) ?? this.start(braneId, now, newerThan);
  }

  forget(braneId: BraneId): void {
    const cached = this.cache.get(braneId);
    if (!cached) return;
    this.bytes -= cached.bytes;
    this.cache.delete(braneId);
  }

  private fits(state: Stand, now: Position, newerThan: number): boolean {
    const { epoch, seq, objects } = state;
    return epoch === now.epoch && seq > newerThan && now.seq - seq <= this.mostBehind(objects);
  }

  /**
   * Entries that may follow behind a snapshot. Where the log since then is longer than the brane is large, reading the brane
   * is less for everybody.
   */
  private mostBehind(objects: number): number {
    const { snapshot_shared_entries, catch_up_entries } = this.deps.limits;
    return Math.min(Math.max(snapshot_shared_entries, objects), catch_up_entries);
  }

  /** There may be a newer checkpoint by now: checkpoints are made every so many entries, but not all the time. */
  private isStale(held: Held, now: Position): boolean {
    const { snapshot_shared_entries, checkpoint_look_ms } = this.deps.limits;
    return (
      now.seq - held.seq > snapshot_shared_entries &&
      this.deps.environment.clock.monotonic() - held.lookedAt >= checkpoint_look_ms
    );
  }

  private start(braneId: BraneId, now: Position, newerThan: number): Promise<Held | undefined> {
    const build = this.build(braneId, now, newerThan).finally(() => this.building.delete(braneId));
    this.building.set(braneId, build);
    return build;
  }

  private async build(braneId: BraneId, now: Position, newerThan: number): Promise<Held | undefined> {
    const { source, environment, metrics } = this.deps;
    const started = environment.clock.monotonic();
    const checkpoint = await source.checkpoint(braneId);
    const cached = this.cache.get(braneId);
    if (cached && this.fits(cached, now, newerThan) && !isNewer(checkpoint, cached)) {
      cached.lookedAt = started;
      this.keep(braneId, cached);
      return cached;
    }
    const isNear = checkpoint && this.fits(checkpoint, now, newerThan);
    const state = await source.state(braneId, isNear ? 'checkpoint' : 'objects', (key) =>
      cached?.parts.get(key),
    );
    if (!state) return undefined;
    const { frames, parts, bytes, objects } = await snapshotFrames(braneId, state, environment);
    const { epoch, seq, meta } = state;
    const held: Held = { epoch, seq, meta, chunks: frames, bytes, objects, parts, lookedAt: started };
    metrics?.snapshotBuilt?.({
      from: state.from,
      objects,
      bytes,
      ms: environment.clock.monotonic() - started,
    });
    this.keep(braneId, held);
    return held;
  }

  private keep(braneId: BraneId, snapshot: Held): void {
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

function isNewer(position: Position | undefined, than: Position): boolean {
  return position !== undefined && (position.epoch !== than.epoch || position.seq > than.seq);
}
