import {
  asObjectId,
  asOpId,
  type BraneId,
  type BraneMeta,
  type ClientOp,
  type Environment,
  type NewObject,
  type ObjectId,
  type OpId,
  type Role,
  Scene,
  type SceneObject,
  type SceneReader,
  type Transform,
  type UserId,
  type Value,
} from '@state-server/domain';
import { type ClientFrame, fail, fromRefusal, type ServerFrame, StateError } from '@state-server/protocol';
import { BraneInbox, type OpsFrame } from './brane-inbox';
import { EditSender } from './edit-sender';
import { Emitter } from './emitter';
import { OptimisticScene } from './optimistic-scene';
import { type Overwrite, Overwrites } from './overwrites';
import { type LogPosition, type PendingEdit, PendingEdits, type PendingKind } from './pending-edits';
import { Presence, type PresenceEntry } from './presence';
import { UndoHistory } from './undo-history';

export interface SaveState {
  /** Everything that was done here is durable on the server. */
  readonly saved: boolean;
  /** Edits that are not confirmed yet. */
  readonly waiting: number;
  /** How long the oldest of them has been waiting, ms. */
  readonly oldestMs: number;
}

export interface LiveBraneEvents {
  /** The scene looks different; several changes of one moment are told once. */
  change: undefined;
  /** In step with the server again (after joining, after each reconnect). */
  synced: LogPosition;
  save: SaveState;
  /** An entry of the log has been applied; `own` when it is one of ours. */
  entry: { readonly opId: OpId; readonly seq: number; readonly actor: UserId; readonly own: boolean };
  /** The server's answer to an edit was no: it has been taken out of the view. */
  refused: { readonly opId: OpId; readonly ops: readonly ClientOp[]; readonly error: StateError };
  overwritten: Overwrite;
  presence: ReadonlyMap<string, PresenceEntry>;
  role: Role | 'guest';
  /** Out of the brane for good: removed, deleted, or left by ourselves. */
  left: { readonly reason: string };
}

export interface EditHandle {
  readonly opId: OpId;
  /** Resolves once durable and seen in the log, at any later time if the client is offline; rejects when refused. */
  readonly saved: Promise<LogPosition>;
}

export interface LiveBraneOptions {
  readonly braneId: BraneId;
  readonly user: UserId;
  readonly environment: Environment;
  readonly send: (frame: ClientFrame) => boolean;
  readonly onLeave: () => void;
}

/** Counts of what happened on the way, for tests and curious people. */
export interface LiveBraneStats {
  joins: number;
  snapshots: number;
  entries: number;
  rejoins: number;
}

/** One brane, live: what the user sees, and every way to change it. */
export class LiveBrane {
  readonly events = new Emitter<LiveBraneEvents>();
  readonly stats: LiveBraneStats = { joins: 0, snapshots: 0, entries: 0, rejoins: 0 };
  readonly id: BraneId;
  readonly presence: Presence;
  private readonly scene: OptimisticScene;
  private readonly inbox: BraneInbox;
  private readonly sender: EditSender;
  private readonly pending = new PendingEdits();
  private readonly history = new UndoHistory();
  private readonly overwrites = new Overwrites();
  private currentRole: Role | 'guest' | undefined;
  private changeQueued = false;
  private ended: { readonly reason: string } | undefined;

  constructor(private readonly options: LiveBraneOptions) {
    const { braneId, environment, user, send } = options;
    this.id = braneId;
    this.scene = new OptimisticScene(emptyBrane(braneId, user), () => this.pending.all, {
      actor: user,
      now: () => environment.clock.now(),
      newId: () => asObjectId(environment.ids.uuid()),
    });
    this.inbox = new BraneInbox(this.scene, {
      applied: (frame) => this.applied(frame),
      replaced: (committed) => this.replaced(committed),
      synced: () => this.synced(),
      rejoin: (_reason, fresh) => this.rejoin(fresh),
    });
    const position = (): LogPosition | undefined => this.inbox.position;
    this.sender = new EditSender({ braneId, pending: this.pending, environment, send, position });
    this.presence = new Presence({ braneId, environment, send, changed: () => this.presenceChanged() });
  }

  /** What the user sees: the confirmed state with his own edits on top. Read it at once, do not keep its objects. */
  get view(): SceneReader {
    return this.scene;
  }

  /** What the server has confirmed. */
  get confirmed(): Scene {
    return this.scene.base;
  }

  get meta(): BraneMeta {
    return this.scene.meta;
  }

  get role(): Role | 'guest' | undefined {
    return this.currentRole;
  }

  get position(): LogPosition | undefined {
    return this.inbox.position;
  }

  get live(): boolean {
    return this.inbox.state === 'live';
  }

  get saveState(): SaveState {
    const oldest = this.pending.all[0];
    const oldestMs = oldest ? this.options.environment.clock.monotonic() - oldest.madeAt : 0;
    return { saved: this.pending.size === 0, waiting: this.pending.size, oldestMs };
  }

  get canUndo(): boolean {
    return this.history.canUndo;
  }

  get canRedo(): boolean {
    return this.history.canRedo;
  }

  /** Several ops as one edit: all or none. Shown at once; throws when the rules refuse it here already. */
  edit(ops: readonly ClientOp[]): EditHandle {
    this.mustBeJoined();
    const named = ops.map((op) => this.withId(op));
    const refusal = this.scene.tryLocal(named);
    if (refusal) throw fromRefusal(refusal);
    const handle = this.enqueue('edit', named);
    this.history.edited(handle.opId);
    return handle;
  }

  /** The new object's id is known at once. */
  create(object: NewObject): EditHandle & { readonly id: ObjectId } {
    const id = object.id ?? asObjectId(this.options.environment.ids.uuid());
    return { id, ...this.edit([{ op: 'create', object: { ...object, id } }]) };
  }

  update(id: ObjectId, set: Readonly<Record<string, Value>>, unset: readonly string[] = []): EditHandle {
    return this.edit([{ op: 'update', id, set, unset }]);
  }

  transform(id: ObjectId, transform: Transform): EditHandle {
    return this.edit([{ op: 'transform', id, transform }]);
  }

  move(id: ObjectId, parentId: ObjectId, order?: string): EditHandle {
    return this.edit([{ op: 'move', id, parent_id: parentId, ...(order === undefined ? {} : { order }) }]);
  }

  delete(id: ObjectId): EditHandle {
    return this.edit([{ op: 'delete', id }]);
  }

  /** Takes back our latest edit as far as nobody has built on it; undefined when there is none. */
  undo(): EditHandle | undefined {
    this.mustBeJoined();
    const opId = asOpId(this.options.environment.ids.uuid());
    const target = this.history.undo(opId);
    return target === undefined ? undefined : this.enqueue('undo', [], { opId, target });
  }

  redo(): EditHandle | undefined {
    this.mustBeJoined();
    const opId = asOpId(this.options.environment.ids.uuid());
    const target = this.history.redo(opId);
    return target === undefined ? undefined : this.enqueue('redo', [], { opId, target });
  }

  /** Resolves when all that was done so far is durable. */
  async whenSaved(): Promise<void> {
    while (this.pending.size > 0) {
      await new Promise<void>((resolve) => {
        const stop = this.events.on('save', () => {
          stop();
          resolve();
        });
      });
    }
  }

  /** Leaves; edits that are still waiting are rejected with `brane.left`. */
  leave(): void {
    if (this.ended) return;
    this.options.send({ type: 'brane.leave', brane_id: this.id });
    this.end('left by the client');
  }

  /** A new session: join again from where we are. */
  sessionOpened(): void {
    if (this.ended) return;
    this.pending.newSession();
    this.join(false);
  }

  sessionLost(): void {
    this.inbox.away();
    this.sender.stop();
    this.presence.stop();
  }

  receive(frame: ServerFrame): void {
    if (this.ended) return;
    switch (frame.type) {
      case 'brane.joined':
        this.currentRole = frame.role;
        this.inbox.joined(frame);
        return;
      case 'brane.snapshot':
        this.inbox.snapshot(frame);
        return;
      case 'brane.ops':
        this.inbox.ops(frame);
        return;
      case 'brane.synced':
        this.inbox.synced(frame);
        return;
      case 'brane.ack':
        this.acked(frame);
        return;
      case 'presence.update':
        this.presence.receive(frame);
        return;
      case 'brane.role':
        this.currentRole = frame.role;
        this.events.emit('role', frame.role);
        return;
      case 'brane.left':
        this.end(frame.reason);
        return;
      default:
    }
  }

  /** An error that names one of our edits, or this brane. Answers whether it was ours. */
  refused(error: StateError, opId: OpId | undefined): boolean {
    const edit = opId === undefined ? undefined : this.pending.find(opId);
    if (!edit) return false;
    if (error.retryable) {
      this.sender.retry(edit, error);
      return true;
    }
    this.pending.remove(edit.opId);
    this.history.refused(edit.opId);
    this.scene.invalidate();
    edit.reject(error);
    this.events.emit('refused', { opId: edit.opId, ops: edit.ops, error });
    this.changed();
    this.saveChanged();
    return true;
  }

  /** The join itself was refused: there is nothing to come back to. */
  joinRefused(error: StateError): void {
    this.end(error.code);
  }

  private withId(op: ClientOp): ClientOp {
    if (op.op !== 'create' || op.object.id !== undefined) return op;
    return { ...op, object: { ...op.object, id: asObjectId(this.options.environment.ids.uuid()) } };
  }

  private enqueue(
    kind: PendingKind,
    ops: readonly ClientOp[],
    undo?: { readonly opId: OpId; readonly target: OpId },
  ): EditHandle {
    const opId = undo?.opId ?? asOpId(this.options.environment.ids.uuid());
    const saved = new Promise<LogPosition>((resolve, reject) => {
      this.pending.add({
        opId,
        kind,
        ops,
        ...(undo ? { targetOpId: undo.target } : {}),
        madeAt: this.options.environment.clock.monotonic(),
        resolve,
        reject,
      });
    });
    // Whoever does not look at the promise hears of a refusal by the event.
    saved.catch(() => undefined);
    this.changed();
    this.saveChanged();
    this.sender.flush();
    return { opId, saved };
  }

  private join(fresh: boolean): void {
    this.stats.joins += 1;
    this.inbox.joining();
    const { position } = this.inbox;
    const sent = this.pending.all.filter((edit) => edit.firstSent).map((edit) => edit.opId);
    this.options.send({
      type: 'brane.join',
      brane_id: this.id,
      ...(position && !fresh ? { after: position } : {}),
      ...(sent.length > 0 ? { pending: sent } : {}),
    });
  }

  private rejoin(fresh: boolean): void {
    this.stats.rejoins += 1;
    this.sender.stop();
    this.options.send({ type: 'brane.leave', brane_id: this.id });
    this.join(fresh);
  }

  private applied(frame: OpsFrame): void {
    this.stats.entries += 1;
    const own = frame.actor === this.options.user ? this.pending.find(frame.op_id) : undefined;
    if (own) {
      this.overwrites.wrote(own.opId, frame.ops);
      this.confirm(own, { epoch: frame.epoch, seq: frame.seq });
    } else {
      for (const overwrite of this.overwrites.others(frame.actor, frame.ops)) {
        this.events.emit('overwritten', overwrite);
      }
    }
    const { op_id: opId, seq, actor } = frame;
    this.events.emit('entry', { opId, seq, actor, own: own !== undefined });
    this.changed();
  }

  private replaced(committed: readonly OpId[]): void {
    this.stats.snapshots += 1;
    const { position } = this.inbox;
    for (const opId of committed) {
      const edit = this.pending.find(opId);
      if (edit && position) this.confirm(edit, position);
    }
    this.changed();
  }

  private synced(): void {
    const { position } = this.inbox;
    this.sender.start();
    this.presence.start();
    this.changed();
    if (position) this.events.emit('synced', position);
  }

  private acked(frame: Extract<ServerFrame, { type: 'brane.ack' }>): void {
    const edit = this.pending.find(frame.op_id);
    if (!edit) return;
    const at = { epoch: frame.epoch, seq: frame.seq };
    const { position } = this.inbox;
    edit.acked = at;
    // Its entry is behind us already (it came by a snapshot): there will be no ops to confirm it by.
    if (position?.epoch === at.epoch && at.seq <= position.seq) this.confirm(edit, at);
  }

  private confirm(edit: PendingEdit, at: LogPosition): void {
    this.pending.remove(edit.opId);
    this.scene.invalidate();
    edit.resolve(at);
    this.saveChanged();
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.ended = { reason };
    this.sessionLost();
    for (const edit of [...this.pending.all]) {
      this.pending.remove(edit.opId);
      edit.reject(
        fail('brane.not_joined', { reason }, `the brane was left before this edit was saved: ${reason}`),
      );
    }
    this.options.onLeave();
    this.events.emit('left', { reason });
  }

  private mustBeJoined(): void {
    if (this.ended) throw fail('brane.not_joined', { reason: this.ended.reason });
    if (!this.inbox.position) throw fail('brane.not_joined', undefined, 'wait for join() before editing');
  }

  private changed(): void {
    if (this.changeQueued) return;
    this.changeQueued = true;
    queueMicrotask(() => {
      this.changeQueued = false;
      this.events.emit('change', undefined);
    });
  }

  private saveChanged(): void {
    this.events.emit('save', this.saveState);
  }

  private presenceChanged(): void {
    this.events.emit('presence', this.presence.entries);
  }
}

/** What stands there before the first state has come. */
function emptyBrane(id: BraneId, user: UserId): Scene {
  const nothing = { id, name: '', visibility: 'private', status: 'live', members: {} } as const;
  return new Scene({ ...nothing, created_at: '', updated_at: '', created_by: user }, [] as SceneObject[]);
}
