import type { BraneId, ObjectId, Scene, SceneObject } from '@state-server/domain';
import { decodeCbor, FROM_SERVER } from '@state-server/protocol';
import {
  type HeadDoc,
  type LogDoc,
  type ObjectDoc,
  type ReadTransaction,
  type Store,
  StoreError,
} from '@state-server/persistence-port';
import { type CheckpointScene, readCheckpointScene } from './checkpoint/checkpoint-scene';
import { compareCheckpoint, MilestoneCheck } from './check-milestones';
import { getEach, sceneBefore } from './damaged-reads';
import { decodeEntryOps } from './frame';
import { readMetaIn } from './read';
import { sameData } from './same-data';
import { walkReaped, walkSpace } from './check-space';
import { sameCell, spaceKey, Worlds } from './space-index';
import { objectDoc } from './write-changes';

export interface BraneFault {
  readonly kind: 'head' | 'log' | 'op_result' | 'meta' | 'object' | 'space' | 'object_id' | 'checkpoint';
  /** Names the record: `objects <id>`, `log 17`, … */
  readonly record: string;
  readonly message: string;
}

export interface BraneReport {
  readonly brane_id: BraneId;
  readonly seq: number;
  readonly entries: number;
  readonly objects: number;
  /** False where the log is gone or cannot be read, and no checkpoint leads on to it: then objects were not compared with it. */
  readonly replayed: boolean;
  /** Where the replay began: 0, or the seq of the checkpoint where the log has been trimmed (SYNC R3). */
  readonly from: number;
}

export interface CheckBraneOptions {
  readonly onFault: (fault: BraneFault) => void;
  /** Told of every step, so that a long check shows that it lives. */
  readonly onStep?: () => void;
}

const LOG_PAGE = 200;
const OBJECT_PAGE = 200;
const PROTOCOL_FIELDS = ['brane_id', 'epoch', 'seq', 'op_id', 'actor', 'at'] as const;
const LABEL = { label: 'commit.check' } as const;

/**
 * Compares all that is stored of a brane with its log: the reducer over the entries from the first one must give the
 * stored objects, members and settings; the spatial index, the registry of ids and the records of op ids must follow from
 * them; so must the newest checkpoint, from which the replay begins where the log has been trimmed. Works beside writers: each step is compared in one snapshot, after the replay was brought up to its head. Holds one
 * brane in memory. Undefined when there is no such brane, or only its tombstone.
 */
export async function checkBrane(
  store: Store,
  braneId: BraneId,
  options: CheckBraneOptions,
): Promise<BraneReport | undefined> {
  const check = new BraneCheck(store, braneId, options);
  return check.run();
}

class BraneCheck {
  private scene: Scene | undefined;
  private seq = 0;
  private entries = 0;
  private broken = false;
  private from = 0;
  /** To be compared with the replay when it has come so far. */
  private checkpoint: CheckpointScene | undefined;
  private readonly milestones: MilestoneCheck;
  private readonly reaped = new Set<ObjectId>();

  constructor(
    private readonly store: Store,
    private readonly braneId: BraneId,
    private readonly options: CheckBraneOptions,
  ) {
    this.milestones = new MilestoneCheck(store, braneId, this.fault.bind(this));
  }

  async run(): Promise<BraneReport | undefined> {
    const head = await this.readHead();
    if (!head || head.status === 'purged' || head.status === 'purging') return undefined;
    this.checkpoint = await this.readCheckpoint();
    await this.milestones.list();
    if (head.log_floor > 1) await this.begin();
    for (let more = !this.broken; more;) more = await this.step((tx, now) => this.replayPage(tx, now));
    if (!this.broken) await this.compare();
    await this.step((tx, now) => this.nothingBeyond(tx, now));
    const objects = this.scene?.size ?? head.objects;
    return {
      brane_id: this.braneId,
      seq: head.seq,
      entries: this.entries,
      objects,
      replayed: !this.broken,
      from: this.from,
    };
  }

  private async readCheckpoint(): Promise<CheckpointScene | undefined> {
    try {
      return await readCheckpointScene(this.store, this.braneId);
    } catch (error) {
      this.fault('checkpoint', 'checkpoints', reasonOf(error));
      return undefined;
    }
  }

  /** Where the log has been trimmed: at the oldest state from which it leads on. */
  private async begin(): Promise<void> {
    const first = (await this.milestones.takeFirst()) ?? this.checkpoint;
    if (!first) {
      this.broken = true;
      return;
    }
    this.scene = first.scene;
    this.seq = first.seq;
    this.from = first.seq;
    if (first === this.checkpoint) this.checkpoint = undefined;
  }

  private async readHead(): Promise<HeadDoc | undefined> {
    try {
      return await this.store.read(LABEL, (tx) => tx.get('heads', [this.braneId]));
    } catch (error) {
      this.fault('head', 'heads', reasonOf(error));
      return undefined;
    }
  }

  /** One bounded look at one snapshot; answers false when it failed. */
  private async step(look: (tx: ReadTransaction, head: HeadDoc) => Promise<boolean>): Promise<boolean> {
    this.options.onStep?.();
    try {
      return await this.store.read(LABEL, async (tx) => {
        const head = await tx.get('heads', [this.braneId]);
        return head !== undefined && (await look(tx, head));
      });
    } catch (error) {
      // The walk over the records names what is damaged; here it says that the comparison ends.
      if (!(error instanceof StoreError)) throw error;
      this.broken = true;
      this.fault('log', `log after ${this.seq}`, reasonOf(error));
      return false;
    }
  }

  /** Replays the next page; answers whether there is more. */
  private async replayPage(tx: ReadTransaction, head: HeadDoc): Promise<boolean> {
    if (this.seq >= head.seq) return false;
    const end = Math.min(head.seq, this.milestones.next ?? head.seq);
    const range = { prefix: [this.braneId], gt: [this.seq], lte: [end], limit: LOG_PAGE };
    const page = await tx.range('log', range);
    for (const entry of page) if (!this.replay(entry)) return false;
    if (this.scene) await this.milestones.compareAt(this.seq, this.scene);
    await this.checkOpResults(tx, head, page);
    if (page.length > 0 || this.seq >= head.seq) return this.seq < head.seq;
    this.breaks(this.seq + 1, `the head is at ${head.seq}, and this entry is not there`);
    return false;
  }

  private replay(entry: LogDoc): boolean {
    if (entry.seq !== this.seq + 1) {
      return this.breaks(this.seq + 1, `the entry is not there; the next one is ${entry.seq}`);
    }
    this.checkFrame(entry);
    this.scene ??= sceneBefore(this.braneId, entry);
    const context = { seq: entry.seq, at: entry.at, actor: entry.actor };
    for (const op of decodeEntryOps(entry.frame)) {
      const result = this.scene.apply(op, context);
      if (!result.ok) return this.breaks(entry.seq, `the reducer refuses it: ${result.refusal.code}`);
      if (op.op === 'reap') for (const id of op.ids) this.reaped.add(id);
    }
    this.seq = entry.seq;
    this.entries += 1;
    if (this.checkpoint?.seq === entry.seq) {
      compareCheckpoint(this.checkpoint, this.scene, this.fault.bind(this));
      this.checkpoint = undefined;
    }
    return true;
  }

  private breaks(seq: number, message: string): false {
    this.broken = true;
    this.fault('log', `log ${seq}`, message);
    return false;
  }

  /** What clients are sent must say the same as the entry's own fields. */
  private checkFrame(entry: LogDoc): void {
    const frame = decodeCbor(entry.frame, FROM_SERVER) as Readonly<Record<string, unknown>>;
    for (const field of PROTOCOL_FIELDS) {
      if (frame[field] !== entry[field])
        this.fault('log', `log ${entry.seq}`, `its frame has another ${field}`);
    }
  }

  /** Below `dedupe_floor` they may be forgotten (SYNC I4). */
  private async checkOpResults(tx: ReadTransaction, head: HeadDoc, page: readonly LogDoc[]): Promise<void> {
    const kept = page.filter(({ seq }) => seq >= head.dedupe_floor);
    const records = await tx.getMany(
      'op_results',
      kept.map(({ actor, op_id }) => [this.braneId, actor, op_id]),
    );
    kept.forEach(({ seq, op_id }, place) => {
      if (records[place]?.seq === seq) return;
      this.fault('op_result', `op_results ${op_id}`, `it does not lead to entry ${seq}`);
    });
  }

  private async compare(): Promise<void> {
    await this.step((tx, head) => this.compareMeta(tx, head));
    const ids = [...(this.scene?.objects() ?? [])].map(({ id }) => id);
    for (let at = 0; at < ids.length && !this.broken; at += OBJECT_PAGE) {
      await this.step((tx, head) => this.compareObjects(tx, head, ids.slice(at, at + OBJECT_PAGE)));
    }
    for (let after: string | undefined = ''; after !== undefined && !this.broken;) {
      const from: string = after;
      after = undefined;
      await this.step(async (tx, head) => {
        after = await this.nothingElse(tx, head, from);
        return true;
      });
    }
    const { braneId } = this;
    const walk = {
      braneId,
      step: (look: (tx: ReadTransaction) => Promise<boolean>) => !this.broken && this.step(look),
      fault: this.fault.bind(this),
    };
    await walkSpace(walk);
    await walkReaped(walk, [...this.reaped]);
  }

  /** Entries that were committed since the last look. */
  private async catchUp(tx: ReadTransaction, head: HeadDoc): Promise<Scene | undefined> {
    while (this.seq < head.seq && !this.broken) await this.replayPage(tx, head);
    return this.broken ? undefined : this.scene;
  }

  private async compareMeta(tx: ReadTransaction, head: HeadDoc): Promise<boolean> {
    const scene = await this.catchUp(tx, head);
    if (!scene) return false;
    const stored = await readMetaIn(tx, this.braneId);
    if (!sameData(stored?.meta, scene.meta)) {
      this.fault('meta', 'branes, members', 'name, visibility, status or members are not what the log says');
    }
    if (head.objects !== scene.size) {
      this.fault('head', 'heads', `it counts ${head.objects} objects; the log makes ${scene.size}`);
    }
    if (head.status !== scene.meta.status) {
      this.fault('head', 'heads', `its status is ${head.status}; the log says ${scene.meta.status}`);
    }
    return true;
  }

  private async compareObjects(
    tx: ReadTransaction,
    head: HeadDoc,
    ids: readonly ObjectId[],
  ): Promise<boolean> {
    const scene = await this.catchUp(tx, head);
    if (!scene) return false;
    const worlds = new Worlds(scene);
    const cellsHold = (head.rekeying?.length ?? 0) === 0;
    const docs = await getEach(tx, this.braneId, ids);
    const registered = await tx.getMany(
      'object_ids',
      ids.map((id) => [id]),
    );
    const found = docs.filter((doc): doc is ObjectDoc => typeof doc === 'object');
    const places = await tx.getMany(
      'space',
      found.map(({ id, cell }) => spaceKey(this.braneId, id, cell)),
    );
    ids.forEach((id, place) => {
      const object = scene.get(id);
      const doc = docs[place];
      if (registered[place]?.brane_id !== this.braneId) {
        this.fault('object_id', `object_ids ${id}`, 'the id is not registered for this brane');
      }
      if (!object) return;
      if (doc === 'corrupt') this.fault('object', `objects ${id}`, 'the record cannot be read');
      else if (!doc) this.fault('object', `objects ${id}`, 'the log makes it, and it is not stored');
      else this.compareObject(object, doc);
    });
    found.forEach((doc, place) => {
      const object = scene.get(doc.id);
      if (!places[place]) this.fault('space', `space ${doc.id}`, 'its cell is not in the spatial index');
      if (object && cellsHold && !sameCell(doc.cell, worlds.cellOf(object))) {
        this.fault('space', `objects ${doc.id}`, 'its cell is not where its transforms put it');
      }
    });
    return true;
  }

  private compareObject(object: SceneObject, doc: ObjectDoc): void {
    if (sameData(doc, objectDoc(object, doc.cell))) return;
    this.fault(
      'object',
      `objects ${object.id}`,
      `stored is version ${doc.object.version}, and it is not what the log makes (version ${object.version})`,
    );
  }

  /** Objects that the log does not make. Answers where to go on. */
  private async nothingElse(tx: ReadTransaction, head: HeadDoc, after: string): Promise<string | undefined> {
    const scene = await this.catchUp(tx, head);
    const range = { prefix: [this.braneId], gt: [after], limit: OBJECT_PAGE };
    let page: ObjectDoc[];
    try {
      page = await tx.range('objects', range);
    } catch (error) {
      // A damaged record: named by the walk over the records, and above if the log makes it.
      if (error instanceof StoreError && error.code === 'corrupt') return undefined;
      throw error;
    }
    for (const { id } of page) {
      if (scene && !scene.get(id))
        this.fault('object', `objects ${id}`, 'stored, and the log does not make it');
    }
    return page.length < OBJECT_PAGE ? undefined : page.at(-1)?.id;
  }

  /** The head's seq is the last entry's. */
  private async nothingBeyond(tx: ReadTransaction, head: HeadDoc): Promise<boolean> {
    const [beyond] = await tx.range('log', { prefix: [this.braneId], gt: [head.seq], limit: 1 });
    if (beyond) this.fault('head', 'heads', `it is at ${head.seq}, and the log has an entry ${beyond.seq}`);
    return true;
  }

  private fault(kind: BraneFault['kind'], record: string, message: string): void {
    this.options.onFault({ kind, record, message });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
