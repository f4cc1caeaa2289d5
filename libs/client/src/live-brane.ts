import {
  asObjectId,
  type BraneId,
  type BraneMeta,
  type ClientOp,
  type NewObject,
  type ObjectId,
  type OpId,
  type Role,
  type Scene,
  type SceneReader,
  type Transform,
  type Value,
} from '@state-server/domain';
import { type ServerFrame, type StateError } from '@state-server/protocol';
import { sdkError } from './errors';
import { BraneInbox, type OpsFrame } from './brane-inbox';
import { EditQueue } from './edit-queue';
import { Emitter } from './emitter';
import type {
  EditHandle,
  LiveBraneEvents,
  LiveBraneOptions,
  LiveBraneStats,
  SaveState,
} from './live-brane-types';
import { emptyBrane, OptimisticScene } from './optimistic-scene';
import { Overwrites } from './overwrites';
import { type LogPosition, PendingEdits } from './pending-edits';
import { Presence } from './presence';

/** Milliseconds before a join that was refused for now is asked for again, when the server does not say. */
const JOIN_RETRY_MS = 1_000;

/** One brane, live: what the user sees, and every way to change it. */
export class LiveBrane {
  readonly events = new Emitter<LiveBraneEvents>();
  readonly stats: LiveBraneStats = { joins: 0, snapshots: 0, entries: 0, rejoins: 0 };
  readonly id: BraneId;
  readonly presence: Presence;
  private readonly scene: OptimisticScene;
  private readonly inbox: BraneInbox;
  private readonly queue: EditQueue;
  private readonly overwrites = new Overwrites();
  private currentRole: Role | 'guest' | undefined;
  private changeQueued = false;
  private ended: { readonly reason: string } | undefined;

  constructor(private readonly options: LiveBraneOptions) {
    const { braneId, environment, user, send } = options;
    const pending = new PendingEdits();
    this.id = braneId;
    this.scene = new OptimisticScene(emptyBrane(braneId, user), () => pending.all, {
      actor: user,
      now: () => environment.clock.now(),
      newId: () => this.newObjectId(),
    });
    this.inbox = new BraneInbox(this.scene, {
      applied: (frame) => this.applied(frame),
      replaced: (committed) => this.replaced(committed),
      synced: () => this.synced(),
      rejoin: (_reason, fresh) => this.rejoin(fresh),
    });
    this.queue = new EditQueue({
      braneId,
      environment,
      pending,
      send,
      scene: this.scene,
      position: () => this.inbox.position,
      changed: () => this.changed(),
      saveChanged: () => this.events.emit('save', this.saveState),
      refused: ({ opId, ops }, error) => this.events.emit('refused', { opId, ops, error }),
    });
    const presenceChanged = (): void => this.events.emit('presence', this.presence.entries);
    this.presence = new Presence({ braneId, environment, send, changed: presenceChanged });
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
    return this.queue.saveState;
  }

  get canUndo(): boolean {
    return this.queue.history.canUndo;
  }

  get canRedo(): boolean {
    return this.queue.history.canRedo;
  }

  /** Several ops as one edit: all or none. Shown at once; throws when the rules refuse it here already. */
  edit(ops: readonly ClientOp[]): EditHandle {
    this.mustBeJoined();
    return this.queue.edit(ops.map((op) => this.withId(op)));
  }

  /** The new object's id is known at once. */
  create(object: NewObject): EditHandle & { readonly id: ObjectId } {
    const id = object.id ?? this.newObjectId();
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
    return this.queue.undo();
  }

  redo(): EditHandle | undefined {
    this.mustBeJoined();
    return this.queue.redo();
  }

  /** Resolves when all that was done so far is durable. */
  async whenSaved(): Promise<void> {
    while (!this.saveState.saved) {
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
    this.queue.newSession();
    this.join(false);
  }

  sessionLost(): void {
    this.inbox.away();
    this.queue.stop();
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
        this.queue.acked(frame.op_id, { epoch: frame.epoch, seq: frame.seq });
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

  /** An error that names one of our edits. Answers whether it was ours. */
  refused(error: StateError, opId: OpId): boolean {
    return this.queue.refused(error, opId);
  }

  /** The join itself was refused: for good, or for now (the store is away), and then it is asked for again: true. */
  joinRefused(error: StateError, inReplyTo: string | undefined): boolean {
    // Another frame of ours may have been refused meanwhile.
    if (inReplyTo !== `${this.stats.joins}`) return false;
    if (!error.retryable) {
      this.end(error.code);
      return false;
    }
    const asked = this.stats.joins;
    this.options.environment.timers.set(error.retryAfterMs ?? JOIN_RETRY_MS, () => {
      if (!this.ended && this.inbox.state === 'joining' && this.stats.joins === asked) this.join(false);
    });
    return true;
  }

  private withId(op: ClientOp): ClientOp {
    if (op.op !== 'create' || op.object.id !== undefined) return op;
    return { ...op, object: { ...op.object, id: this.newObjectId() } };
  }

  private newObjectId(): ObjectId {
    return asObjectId(this.options.environment.ids.uuid());
  }

  private join(fresh: boolean): void {
    this.stats.joins += 1;
    this.inbox.joining();
    const { position } = this.inbox;
    const { sent } = this.queue;
    this.options.send({
      type: 'brane.join',
      id: `${this.stats.joins}`,
      brane_id: this.id,
      ...(position && !fresh ? { after: position } : {}),
      ...(sent.length > 0 ? { pending: sent } : {}),
    });
  }

  private rejoin(fresh: boolean): void {
    this.stats.rejoins += 1;
    this.queue.stop();
    this.options.send({ type: 'brane.leave', brane_id: this.id });
    this.join(fresh);
  }

  private applied(frame: OpsFrame): void {
    this.stats.entries += 1;
    const own =
      frame.actor === this.options.user &&
      this.queue.confirm(frame.op_id, { epoch: frame.epoch, seq: frame.seq });
    if (own) this.overwrites.wrote(frame.op_id, frame.ops);
    else
      for (const one of this.overwrites.others(frame.actor, frame.ops)) this.events.emit('overwritten', one);
    const { op_id: opId, seq, actor } = frame;
    this.events.emit('entry', { opId, seq, actor, own });
    this.changed();
  }

  private replaced(committed: readonly OpId[]): void {
    this.stats.snapshots += 1;
    const { position } = this.inbox;
    if (position) for (const opId of committed) this.queue.confirm(opId, position);
    this.queue.confirmAcked();
    this.changed();
  }

  private synced(): void {
    const { position } = this.inbox;
    this.queue.start();
    this.presence.start();
    this.changed();
    if (position) this.events.emit('synced', position);
  }

  private end(reason: string): void {
    if (this.ended) return;
    this.ended = { reason };
    this.sessionLost();
    this.queue.rejectAll(reason);
    this.options.onLeave();
    this.events.emit('left', { reason });
  }

  private mustBeJoined(): void {
    if (this.ended) throw sdkError('brane.not_joined', { reason: this.ended.reason });
    if (!this.inbox.position) throw sdkError('brane.not_joined');
  }

  private changed(): void {
    if (this.changeQueued) return;
    this.changeQueued = true;
    queueMicrotask(() => {
      this.changeQueued = false;
      this.events.emit('change', undefined);
    });
  }
}
