import {
  type BraneMeta,
  type EditEnvironment,
  type ObjectId,
  type OpContext,
  prototypeRules,
  type PrototypeRules,
  resolveEdit,
  resolveRestore,
  type Resolved,
  type Result,
  WorkingCopy,
} from '@state-server/domain';
import { fail, fromRefusal, StateError } from '@state-server/protocol';
import type { HeadDoc, LogDoc, OpResultDoc } from '@state-server/persistence-port';
import { resolveAdminister } from './administer';
import { CompanyGuard } from './company';
import type { Committed } from './committer';
import { encodeEntry } from './frame';
import { assertNotTooOld, OpRecords, refusalRecord, replay } from './idempotency';
import { resolveExpire } from './expire';
import { type IdRegistry, registerIds } from './id-registry';
import type { Ground } from './lane';
import { NotLoaded } from './not-loaded';
import { noteInstances } from './note-instances';
import { preloadEdits, preloadSubtrees, preloadTargets } from './preload';
import { resolveReap } from './reap';
import { assertAllowed, assertNotGone, assertVisible } from './rights';
import { entryBytes, touchedBytes } from './sizes';
import { takeBack } from './undo';
import type { Verdict, Work } from './work';

/** A request that the rules let pass, on its way into the log. */
interface Resolution {
  readonly resolved: Resolved;
  readonly target?: OpResultDoc['target_op_id'];
  /** Records whose standing it changes (SYNC U2). */
  readonly marked?: readonly OpResultDoc[];
}

/**
 * One attempt to commit several requests in one transaction (SYNC L1): each is tried in turn on the same working copy, gets
 * a seq and an entry of its own or is refused, and a refused one leaves no trace in the others. Nothing that a request
 * writes is written before it is sure that it passes.
 */
export class GroupAttempt {
  readonly copy: WorkingCopy;
  readonly created = new Set<ObjectId>();
  /** Something was written that stands outside the entries: the record of a refusal. */
  recordsOnly = false;
  private entries = 0;
  private entriesBytes = 0;
  private frameBytes = 0;
  private readonly objectBytes = new Map<ObjectId, number>();
  private braneVersion: number | undefined;
  private readonly rules: PrototypeRules;

  private constructor(
    private readonly ground: Ground,
    private readonly records: OpRecords,
    private readonly ids: IdRegistry,
    private readonly company: CompanyGuard | undefined,
  ) {
    this.copy = new WorkingCopy(ground.replica);
    this.rules = prototypeRules(ground.load.prototypes);
  }

  static async begin(ground: Ground, works: readonly Work[]): Promise<GroupAttempt> {
    const records = await OpRecords.read(ground.tx, works);
    const isThere = ground.head.status !== 'purged';
    if (isThere) await ground.load.brane();
    const company = isThere ? await CompanyGuard.read(ground.tx, ground.replica.meta, works) : undefined;
    const ids = await registerIds(ground, works);
    await preloadEdits(ground, works);
    return new GroupAttempt(ground, records, ids, company);
  }

  /** The last seq that was given out. */
  get seq(): number {
    return this.ground.head.seq + this.entries;
  }

  get hasEntries(): boolean {
    return this.entries > 0;
  }

  /** About what the transaction will write. */
  get bytes(): number {
    let bytes = this.entriesBytes;
    for (const object of this.objectBytes.values()) bytes += object;
    return bytes;
  }

  /** Of the brane's record, with what this attempt made of it. */
  get nextBraneVersion(): number {
    return this.braneVersion ?? this.ground.replica.facts.version;
  }

  async judge(work: Work): Promise<Verdict> {
    const before = this.copy.savepoint();
    try {
      return await this.decide(work);
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.copy.rollback(before);
      this.recordRefusal(work, error);
      return { kind: 'refused', error };
    }
  }

  /**
   * The same, at once, for the edits that meet nothing that has to be read first: nearly all. Undefined, and without a
   * trace, for what `judge` is to look at.
   */
  judgeNow(work: Work): Verdict | undefined {
    const { demand } = work;
    if (demand.kind !== 'edit' || this.records.of(work)) return undefined;
    const before = this.copy.savepoint();
    try {
      const context = this.admit(work);
      this.ids.assertFree(work);
      const result = resolveEdit(this.copy, demand.ops, context, this.environmentOf(work));
      if (!result.ok) throw fromRefusal(result.refusal);
      return this.enter(work, { resolved: result.value }, context);
    } catch (error) {
      this.copy.rollback(before);
      if (error instanceof NotLoaded) return undefined;
      if (!(error instanceof StateError)) throw error;
      this.recordRefusal(work, error);
      return { kind: 'refused', error };
    }
  }

  private environmentOf(work: Work): EditEnvironment {
    return { ...this.ids.source(work), prototypes: this.rules };
  }

  private async decide(work: Work): Promise<Verdict> {
    const { head, tx } = this.ground;
    // What its author was told, or would have been told, stays true even when he may not see the brane any more.
    const record = this.records.of(work);
    if (record) {
      assertNotGone(work, head, () => this.copy.meta);
      return { kind: 'replayed', committed: await replay(tx, head, work, record) };
    }
    const context = this.admit(work);
    const metaBefore = this.copy.meta;
    const resolution = await this.resolve(work, context);
    if (this.copy.meta !== metaBefore) this.braneVersion = this.nextBraneVersion + 1;
    return this.enter(work, resolution, context);
  }

  /** Throws why this may not be asked here and now; answers what its ops will be entered under. */
  private admit(work: Work): OpContext {
    const { head, at } = this.ground;
    const userId = work.request.actor.user_id;
    const meta = (): BraneMeta => this.company?.apply(this.copy.meta, userId) ?? this.copy.meta;
    assertNotGone(work, head, meta);
    assertVisible(work, meta());
    assertNotTooOld(work, head);
    assertAllowed(work, meta());
    return { seq: this.seq + 1, at, actor: userId };
  }

  private async resolve(work: Work, context: OpContext): Promise<Resolution> {
    const { demand } = work;
    switch (demand.kind) {
      case 'edit': {
        this.ids.assertFree(work);
        await preloadSubtrees(this.ground, this.copy, demand.ops);
        return {
          resolved: await this.run(() =>
            resolveEdit(this.copy, demand.ops, context, this.environmentOf(work)),
          ),
        };
      }
      case 'restore': {
        const { targets } = demand;
        await preloadTargets(this.ground, targets);
        const registry = this.ids;
        return { resolved: await this.run(() => resolveRestore(this.copy, targets, context, registry)) };
      }
      case 'undo':
      case 'redo': {
        const taken = await takeBack(this.ground, this.copy, work, demand.kind, demand, context);
        return { resolved: taken.resolved, target: taken.target, marked: taken.marked };
      }
      case 'administer': {
        if (demand.ifVersion !== undefined && demand.ifVersion !== this.nextBraneVersion) {
          throw fail('precondition.failed', { expected: demand.ifVersion, actual: this.nextBraneVersion });
        }
        return { resolved: await this.run(() => resolveAdminister(this.copy, demand.ops, context)) };
      }
      case 'reap':
        return { resolved: await resolveReap(this.ground, this.copy, demand, context) };
      case 'expire':
        return { resolved: await resolveExpire(this.ground, this.copy, demand, context) };
      default:
        return demand satisfies never;
    }
  }

  private async run(rule: () => Result<Resolved>): Promise<Resolved> {
    const before = this.copy.savepoint();
    const result = await this.ground.load.run(rule, () => this.copy.rollback(before));
    if (!result.ok) throw fromRefusal(result.refusal);
    return result.value;
  }

  /** From here on nothing can refuse it any more: writes what belongs to this entry alone. */
  private enter(work: Work, resolution: Resolution, context: OpContext): Verdict {
    const { head, tx } = this.ground;
    const { request } = work;
    const { ops, inverses, skipped } = resolution.resolved;
    const { brane_id, epoch } = head;
    const { seq, at, actor } = context;
    const { op_id } = request;
    const frame = encodeEntry({ brane_id, epoch, seq, op_id, actor, at, ops });
    const kind = kindOf(work);
    const { trace_id, operation_id } = request;
    let log: LogDoc = { brane_id, epoch, seq, op_id, at, actor, kind, frame, inverses };
    if (trace_id !== undefined) log = { ...log, trace_id };
    tx.put('log', operation_id === undefined ? log : { ...log, operation_id });
    const { fingerprint } = work;
    let record: OpResultDoc = { brane_id, epoch, seq, op_id, at, user_id: actor, fingerprint, kind };
    if (skipped.length > 0) record = { ...record, skipped };
    if (resolution.target !== undefined) record = { ...record, target_op_id: resolution.target };
    tx.put('op_results', record);
    this.records.add(record);
    noteInstances(tx, work, at);
    for (const marked of resolution.marked ?? []) tx.put('op_results', marked);
    this.account(resolution.resolved, frame.byteLength);
    this.entries += 1;
    const committed: Committed = { brane_id, epoch, seq, op_id, at, ops, replayed: false };
    const answer = skipped.length === 0 ? committed : { ...committed, skipped };
    return { kind: 'entry', committed: answer, message: { epoch, seq, frame } };
  }

  private account({ ops, inverses }: Resolved, frameBytes: number): void {
    this.entriesBytes += entryBytes(frameBytes, inverses);
    this.frameBytes += frameBytes;
    for (const op of ops) {
      if (op.op === 'create') this.created.add(op.object.id);
      touchedBytes(this.copy, op, this.objectBytes);
    }
  }

  /** What the client is told of a re-sent edit stays so (SYNC I2); what may turn out otherwise is not recorded. */
  private recordRefusal(work: Work, error: StateError): void {
    const { head, tx, at } = this.ground;
    const final =
      !error.retryable &&
      error.code !== 'op_id.reused' &&
      head.status !== 'purging' &&
      head.status !== 'purged';
    if (!work.request.again || !final || this.records.of(work)) return;
    const record = refusalRecord(work, error, { head, seq: this.seq, at });
    tx.put('op_results', record);
    this.records.add(record);
    this.recordsOnly = true;
  }

  /** The head after these entries; the caller adds what it knows of the re-keying. */
  nextHead(): HeadDoc {
    const { head, at } = this.ground;
    return {
      brane_id: head.brane_id,
      epoch: head.epoch,
      seq: this.seq,
      at,
      status: this.copy.meta.status,
      objects: this.copy.size,
      log_floor: head.log_floor,
      dedupe_floor: head.dedupe_floor,
      log_bytes: (head.log_bytes ?? 0) + this.frameBytes,
      ...(head.rekeying === undefined ? {} : { rekeying: head.rekeying }),
    };
  }
}

function kindOf({ demand, request }: Work): OpResultDoc['kind'] {
  if (request.operation_id !== undefined) return 'system';
  if (request.actor.kind === 'system') return 'system';
  if (demand.kind === 'restore') return 'edit';
  return demand.kind === 'edit' || demand.kind === 'undo' || demand.kind === 'redo' ? demand.kind : 'system';
}
