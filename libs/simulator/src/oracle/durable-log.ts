import {
  type BraneId,
  type BraneMeta,
  emptyScene,
  type ObjectId,
  type OpId,
  roleIn,
  type Scene,
  type SceneObject,
  type UserId,
} from '@state-server/domain';
import type { HeadDoc, LogDoc } from '@state-server/persistence-port';
import { type BraneOpsFrame, decodeCbor, FROM_SERVER } from '@state-server/protocol';
import type { Coverage } from '../coverage';
import type { Report } from '../kernel/violation';
import { type KnownEntry, type KnownMeta, touchedBy } from './entry';
import { UndoOracle } from './undo-oracle';

/**
 * One brane as its log says, entry by entry as they become durable: what everything else is compared with. Nothing in it
 * comes from the write path but the bytes that are stored.
 */
export class DurableLog {
  readonly entries: KnownEntry[] = [];
  /** Times at which they became durable, simulated ms. */
  readonly durableAt: number[] = [];
  readonly metas: KnownMeta[] = [];
  readonly scene: Scene;
  head: HeadDoc | undefined;
  private readonly seqOf = new Map<string, number>();
  private readonly undos = new UndoOracle();

  constructor(
    readonly braneId: BraneId,
    private readonly report: Report,
    private readonly coverage: Coverage,
  ) {
    this.scene = emptyScene(nothing(braneId, undefined));
  }

  get seq(): number {
    return this.entries.length;
  }

  get meta(): BraneMeta {
    return this.scene.meta;
  }

  entry(seq: number): KnownEntry | undefined {
    return this.entries[seq - 1];
  }

  /** Where this user's op stands; undefined when it is not in the log. */
  find(userId: UserId, opId: OpId): number | undefined {
    return this.seqOf.get(`${userId}/${opId}`);
  }

  /** True when this user could see the brane at one of these moments. */
  wasVisible(userId: UserId, fromSeq: number): boolean {
    for (let index = this.metas.length - 1; index >= 0; index -= 1) {
      const known = this.metas[index];
      if (!known) break;
      if (known.meta.status === 'live' && roleIn(known.meta, userId) !== null) return true;
      if (known.seq <= fromSeq) return false;
    }
    return false;
  }

  /** The head as it is stored now. */
  see(head: HeadDoc): void {
    const { head: before } = this;
    if (before && before.epoch !== head.epoch) this.report('SIM-1', `the epoch of ${this.braneId} changed`);
    if (before && (head.seq < before.seq || head.log_floor < before.log_floor)) {
      this.report('SIM-1', `the head of ${this.braneId} went back from ${before.seq} to ${head.seq}`);
    }
    if ((head.rekeying?.length ?? 0) > (before?.rekeying?.length ?? 0)) this.coverage.count('rekey_listed');
    if ((head.rekeying?.length ?? 0) === 0 && before?.rekeying) this.coverage.count('rekey_finished');
    this.head = head;
  }

  /** The next entry, as it is stored. `target`: what its record says that it is about. */
  add(doc: LogDoc, target: OpId | undefined, now: number): void {
    const where = `${this.braneId} ${doc.seq}`;
    if (doc.seq !== this.seq + 1) return this.report('SIM-1', `${where} follows ${this.seq}`);
    if (doc.at < (this.entries.at(-1)?.at ?? '')) this.report('SIM-1', `${where}: its time went back`);
    if (doc.seq === 1) this.scene.setMeta(nothing(this.braneId, doc));
    const key = `${doc.actor}/${doc.op_id}`;
    const first = this.seqOf.get(key);
    if (first !== undefined) this.report('SIM-2', `op ${doc.op_id} stands at ${first} and at ${doc.seq}`);
    this.seqOf.set(key, doc.seq);
    const frame = decodeCbor(doc.frame, FROM_SERVER) as BraneOpsFrame;
    if (
      frame.seq !== doc.seq ||
      frame.op_id !== doc.op_id ||
      frame.actor !== doc.actor ||
      frame.at !== doc.at
    ) {
      this.report('SIM-1', `${where}: its frame says something else`);
    }
    this.apply(doc, frame, target);
    this.durableAt.push(now);
    this.coverage.count('entries');
  }

  private apply(doc: LogDoc, frame: BraneOpsFrame, target: OpId | undefined): void {
    const { scene, undos } = this;
    const { seq, at, actor } = frame;
    const base = doc.kind === 'undo' || doc.kind === 'redo' ? undos.base(doc.kind, actor, target) : undefined;
    if (typeof base === 'string') this.report('SIM-7', `${this.braneId} ${seq}: ${base}`);
    if (base !== undefined) this.coverage.count(doc.kind === 'undo' ? 'undos' : 'redos');
    const states = new Map<ObjectId, (SceneObject | undefined)[]>();
    const metaBefore = scene.meta;
    for (const op of frame.ops) {
      const why = base === undefined || typeof base === 'string' ? undefined : undos.judge(op, base, scene);
      if (why !== undefined) this.report('SIM-7', `${this.braneId} ${seq} (${doc.kind} by ${actor}): ${why}`);
      const ids = touchedBy(op);
      for (const id of ids) if (!states.has(id)) states.set(id, [scene.get(id)]);
      const result = scene.apply(op, { seq, at, actor });
      if (!result.ok) this.report('SIM-5', `${this.braneId} ${seq}: ${result.refusal.message}`);
      for (const id of ids) states.get(id)?.push(scene.get(id));
      undos.learnOp(op, { actor, seq });
      if (op.op === 'reap') this.coverage.count('reaped', op.ids.length);
    }
    const entry: KnownEntry = {
      seq,
      opId: doc.op_id,
      actor,
      kind: doc.kind,
      at,
      ops: frame.ops,
      frame: doc.frame,
      states,
    };
    this.entries.push(entry);
    undos.learn(entry, target);
    if (scene.meta !== metaBefore || this.metas.length === 0) this.metas.push({ seq, meta: scene.meta });
  }

  /** The state at this seq, from the log alone. */
  rebuild(seq: number, from?: { readonly scene: Scene; readonly seq: number }): Scene {
    const scene = from ? from.scene : emptyScene(nothing(this.braneId, this.entries[0]));
    for (const entry of this.entries.slice(from?.seq ?? 0, seq)) {
      const result = scene.applyAll(entry.ops, entry);
      if (!result.ok) this.report('SIM-5', `${this.braneId} ${entry.seq} again: ${result.refusal.message}`);
    }
    return scene;
  }
}

/** Before the first entry: all that the entry does not say itself is when and by whom it was made. */
function nothing(
  braneId: BraneId,
  first: { readonly at: string; readonly actor: UserId } | undefined,
): BraneMeta {
  const created = { created_at: first?.at ?? '', updated_at: first?.at ?? '' };
  const created_by = first?.actor ?? ('' as UserId);
  return {
    id: braneId,
    name: '',
    visibility: 'private',
    status: 'live',
    members: {},
    ...created,
    created_by,
  };
}
