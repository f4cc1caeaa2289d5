import {
  type BraneId,
  type BraneMeta,
  type ClientOp,
  emptyScene,
  type ObjectId,
  type Op,
  type OpContext,
  type Refusal,
  resolveEdit,
  type Scene,
  type SceneObject,
  type SceneReader,
  type UserId,
  WorkingCopy,
} from '@state-server/domain';

export interface LocalEdit {
  readonly ops: readonly ClientOp[];
}

/**
 * What the user sees: the confirmed scene with his own unconfirmed edits on top. When the server's order differs, the
 * confirmed part moves on and the edits are applied anew (rebased), lazily, at the next look.
 */
export class OptimisticScene implements SceneReader {
  private view: WorkingCopy | undefined;
  private stale = false;

  constructor(
    private confirmed: Scene,
    private readonly pending: () => Iterable<LocalEdit>,
    private readonly local: {
      readonly actor: UserId;
      readonly now: () => number;
      readonly newId: () => ObjectId;
    },
  ) {}

  get meta(): BraneMeta {
    return this.current().meta;
  }

  get size(): number {
    return this.current().size;
  }

  get(id: ObjectId): SceneObject | undefined {
    return this.current().get(id);
  }

  children(id: ObjectId): readonly ObjectId[] {
    return this.current().children(id);
  }

  /** The part that the server has confirmed, without local edits. */
  get base(): Scene {
    return this.confirmed;
  }

  /** Puts an own edit on top at once; refused when the rules refuse it here and now (nothing has changed then). */
  tryLocal(ops: readonly ClientOp[]): Refusal | undefined {
    const copy = this.overlay();
    this.view = copy;
    const result = resolveEdit(copy, ops, this.context(), { newId: this.local.newId });
    return result.ok ? undefined : result.refusal;
  }

  /** Moves the confirmed part on; a refusal means that this client's state is not the server's. */
  confirm(ops: readonly Op[], context: OpContext): Refusal | undefined {
    const result = this.confirmed.applyAll(ops, context);
    this.stale = true;
    return result.ok ? undefined : result.refusal;
  }

  /** Starts from a new snapshot. */
  replace(confirmed: Scene): void {
    this.confirmed = confirmed;
    this.stale = true;
  }

  /** The list of pending edits has changed otherwise than by `tryLocal`. */
  invalidate(): void {
    this.stale = true;
  }

  private current(): SceneReader {
    if (!this.view) return this.confirmed;
    return this.overlay();
  }

  private overlay(): WorkingCopy {
    if (this.view && !this.stale) return this.view;
    const copy = new WorkingCopy(this.confirmed);
    let any = false;
    for (const edit of this.pending()) {
      // An edit that no longer applies here is left out of the view; the server decides about it.
      resolveEdit(copy, edit.ops, this.context(), { newId: this.local.newId });
      any = true;
    }
    this.stale = false;
    this.view = any ? copy : undefined;
    return copy;
  }

  private context(): OpContext {
    return { seq: 0, at: new Date(this.local.now()).toISOString(), actor: this.local.actor };
  }
}

/** What stands there before the first state has come. */
export function emptyBrane(id: BraneId, user: UserId): Scene {
  const nothing = { id, name: '', visibility: 'private', status: 'live', members: {} } as const;
  return emptyScene({ ...nothing, created_at: '', updated_at: '', created_by: user });
}
