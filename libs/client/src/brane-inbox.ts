import { type BraneMeta, type OpId, Scene, type SceneObject } from '@state-server/domain';
import type { ServerFrame } from '@state-server/protocol';
import type { OptimisticScene } from './optimistic-scene';
import type { LogPosition } from './pending-edits';

type Frame<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>;
export type OpsFrame = Frame<'brane.ops'>;

/** How far the client's view of one brane has got. */
export type InboxState =
  /** No session, or not asked yet. */
  | { readonly state: 'away' }
  /** `brane.join` is on its way. */
  | { readonly state: 'joining' }
  /** Chunks of a snapshot are coming in. */
  | {
      readonly state: 'loading';
      readonly position: LogPosition;
      readonly meta: BraneMeta;
      readonly committed: readonly OpId[];
      readonly objects: SceneObject[];
    }
  /** Entries after our position are being replayed. */
  | { readonly state: 'replaying' }
  | { readonly state: 'live' };

export interface InboxEvents {
  /** An entry was applied; it is the next one, without a hole (SYNC R1, R5). */
  applied(frame: OpsFrame): void;
  /** A whole new state; what is pending and in `committed` is part of it (SYNC R4). */
  replaced(committed: readonly OpId[]): void;
  /** Everything up to the head of the moment is here. */
  synced(): void;
  /** The state cannot be continued: join again, from the position or (`fresh`) from nothing. */
  rejoin(reason: 'hole' | 'epoch' | 'diverged', fresh: boolean): void;
}

/** Turns the frames of one brane into a scene: snapshot or replay first, then entry by entry. */
export class BraneInbox {
  private current: InboxState = { state: 'away' };
  /** Undefined until the first state is complete. */
  position: LogPosition | undefined;

  constructor(
    private readonly scene: OptimisticScene,
    private readonly events: InboxEvents,
  ) {}

  get state(): InboxState['state'] {
    return this.current.state;
  }

  /** A join is being sent. */
  joining(): void {
    this.current = { state: 'joining' };
  }

  away(): void {
    this.current = { state: 'away' };
  }

  /** The answer to a join; or, unasked, the announcement of a snapshot: we have been too slow to be sent every entry. */
  joined(frame: Frame<'brane.joined'>): void {
    if (this.current.state === 'away') return;
    if (this.current.state !== 'joining' && frame.mode === 'replay') return;
    this.current =
      frame.mode === 'replay'
        ? { state: 'replaying' }
        : {
            state: 'loading',
            position: { epoch: frame.epoch, seq: frame.seq },
            meta: frame.meta,
            committed: frame.committed,
            objects: [],
          };
  }

  snapshot(frame: Frame<'brane.snapshot'>): void {
    if (this.current.state !== 'loading') return;
    this.current.objects.push(...frame.objects);
    this.current = { ...this.current, position: { epoch: frame.epoch, seq: frame.seq } };
  }

  ops(frame: OpsFrame): void {
    if (this.current.state === 'loading') this.loaded();
    if (this.current.state !== 'replaying' && this.current.state !== 'live') return;
    const { position } = this;
    if (!position || frame.epoch !== position.epoch) {
      this.restart('epoch', true);
      return;
    }
    if (frame.seq <= position.seq) return;
    if (frame.seq !== position.seq + 1) {
      this.restart('hole', false);
      return;
    }
    const refusal = this.scene.confirm(frame.ops, { seq: frame.seq, at: frame.at, actor: frame.actor });
    if (refusal) {
      this.restart('diverged', true);
      return;
    }
    this.position = { epoch: frame.epoch, seq: frame.seq };
    this.events.applied(frame);
  }

  synced(frame: Frame<'brane.synced'>): void {
    if (this.current.state === 'loading') this.loaded();
    if (this.current.state !== 'replaying') return;
    if (this.position?.seq !== frame.seq || this.position.epoch !== frame.epoch) {
      this.restart('hole', this.position?.epoch !== frame.epoch);
      return;
    }
    this.current = { state: 'live' };
    this.events.synced();
  }

  private loaded(): void {
    if (this.current.state !== 'loading') return;
    const { meta, objects, position, committed } = this.current;
    this.scene.replace(new Scene(meta, objects));
    this.position = position;
    this.current = { state: 'replaying' };
    this.events.replaced(committed);
  }

  private restart(reason: 'hole' | 'epoch' | 'diverged', fresh: boolean): void {
    this.current = { state: 'away' };
    this.events.rejoin(reason, fresh);
  }
}
