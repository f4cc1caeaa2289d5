import {
  getPointer,
  isValueMap,
  type ObjectId,
  type Op,
  type OpId,
  sameTransform,
  sameValue,
  type Scene,
  type SceneObject,
  type Value,
} from '@state-server/domain';
import type { KnownEntry } from './entry';

type States = readonly (SceneObject | undefined)[];

/** An edit through all its undos and redos. */
interface Chain {
  /** The entry whose effect stands, or is taken back. */
  current: KnownEntry;
  state: 'done' | 'undone';
}

interface Touch {
  readonly actor: string;
  readonly seq: number;
}

/**
 * What an undo may do (SYNC U1, U2), said from the log alone: it keeps who wrote what, and knows nothing of stored inverses
 * or of the code that applies them.
 */
export class UndoOracle {
  private readonly chains = new Map<OpId, Chain>();
  private readonly touches = new Map<ObjectId, Touch[]>();
  private readonly markedBy = new Map<ObjectId, number>();

  /** Of an entry that was applied; to be called in the order of the log. */
  learn(entry: KnownEntry, targetOpId: OpId | undefined): void {
    if (entry.kind === 'edit') this.chains.set(entry.opId, { current: entry, state: 'done' });
    const chain = targetOpId === undefined ? undefined : this.chains.get(targetOpId);
    if (chain && entry.kind !== 'edit') {
      chain.current = entry;
      chain.state = entry.kind === 'undo' ? 'undone' : 'done';
      this.chains.set(entry.opId, chain);
    }
  }

  /** Of one op that was just applied. */
  learnOp(op: Op, entry: { readonly actor: string; readonly seq: number }): void {
    if (op.op === 'create') this.touches.set(op.object.id, [entry]);
    else if ('id' in op) this.touches.get(op.id)?.push(entry);
    if (op.op === 'delete') this.markedBy.set(op.id, entry.seq);
  }

  /** The entry that an undo or redo is about; a text says why it may not be at all. */
  base(kind: 'undo' | 'redo', actor: string, targetOpId: OpId | undefined): KnownEntry | string {
    const chain = targetOpId === undefined ? undefined : this.chains.get(targetOpId);
    if (!chain) return `its target ${targetOpId ?? '(none)'} is not in the log`;
    if (chain.current.actor !== actor) return `it takes back the work of ${chain.current.actor}`;
    if (chain.state !== (kind === 'undo' ? 'done' : 'undone')) return `its target is ${chain.state} already`;
    return chain.current;
  }

  /** Why this op of an undo or redo may not be, judged by the scene right before it; undefined when it may. */
  judge(op: Op, base: KnownEntry, scene: Scene): string | undefined {
    switch (op.op) {
      case 'update':
        return this.judgeUpdate(op, this.statesOf(base, op.id), scene);
      case 'transform': {
        const now = scene.get(op.id);
        const left = this.statesOf(base, op.id).slice(1);
        if (now && left.some((state) => state && sameTransform(state.transform, now.transform)))
          return undefined;
        return `the transform of ${op.id} is not what its edit left`;
      }
      case 'move': {
        const parent = scene.get(op.id)?.parent_id;
        if (
          this.statesOf(base, op.id)
            .slice(1)
            .some((state) => state?.parent_id === parent)
        )
          return undefined;
        return `${op.id} is not where its edit put it`;
      }
      case 'delete':
        return this.judgeDelete(op.id, base, scene);
      case 'undelete': {
        if (this.markedBy.get(op.id) === base.seq && scene.get(op.id)?.deleted_at !== undefined)
          return undefined;
        return `${op.id} was not deleted by its edit`;
      }
      case 'reorder':
        return undefined;
      default:
        return `an undo does no ${op.op}`;
    }
  }

  private statesOf(base: KnownEntry, id: ObjectId): States {
    return base.states.get(id) ?? [];
  }

  private judgeUpdate(op: Extract<Op, { op: 'update' }>, states: States, scene: Scene): string | undefined {
    const now = scene.get(op.id);
    if (!now) return `${op.id} is not there`;
    for (const pointer of [...Object.keys(op.set), ...op.unset]) {
      const value = getPointer(now, pointer);
      // Maps that the edit had made on its way, and in which nothing is left, hold nobody's work.
      const isMadeOnTheWay = states[0] && getPointer(states[0], pointer) === undefined && isHollow(value);
      if (isMadeOnTheWay) continue;
      const isAsLeft = states.slice(1).some((left) => left && sameValue(getPointer(left, pointer), value));
      if (!isAsLeft)
        return `${pointer} of ${op.id} is ${JSON.stringify(value)}, which its edit did not leave there`;
    }
    return undefined;
  }

  private judgeDelete(id: ObjectId, base: KnownEntry, scene: Scene): string | undefined {
    const [before] = this.statesOf(base, id);
    const isCreation = this.statesOf(base, id).length > 0 && before === undefined;
    const isMarkingAgain = before?.deleted_at !== undefined;
    if (!isCreation && !isMarkingAgain) return `its edit neither created ${id} nor brought it back`;
    for (const object of liveBelow(scene, id)) {
      const touches = this.touches.get(object.id) ?? [];
      const strangers = touches.filter(({ actor }) => actor !== base.actor);
      if (isCreation && strangers.length > 0) return `${object.id} was touched by others`;
      if (isCreation && base.states.get(object.id)?.[0] !== undefined) return `${object.id} was there before`;
      if (isCreation && !base.states.has(object.id)) return `${object.id} was put there later`;
      if (strangers.some(({ seq }) => seq > base.seq)) return `${object.id} was touched by others since`;
    }
    return undefined;
  }
}

function* liveBelow(scene: Scene, id: ObjectId): Generator<SceneObject> {
  const object = scene.get(id);
  if (!object || object.deleted_at !== undefined) return;
  yield object;
  for (const child of scene.children(id)) yield* liveBelow(scene, child);
}

/** A map in which there is nothing but such maps. */
function isHollow(value: Value | undefined): boolean {
  return isValueMap(value) && Object.values(value).every(isHollow);
}
