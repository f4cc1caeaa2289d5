import {
  asBraneId,
  asObjectId,
  asUser,
  type BraneId,
  type ForkedFrom,
  type ObjectId,
  type OpId,
  type PropertySchema,
  type SceneObject,
  type UserId,
  type ValueMap,
} from '@state-server/domain';
import { assertCan, fail, StateError } from '@state-server/protocol';
import type { Store } from '@state-server/persistence-port';
import type { Committer } from '../committer';
import { derivedUuid } from '../fingerprint';
import type { OperationKind, OperationStep, StepOutcome } from '../operations/operation';
import { readMeta } from '../read';
import { type HistoryDeps, PastTree, PastTrees, weigh } from './past-tree';
import { RESTORE_LIMITS } from './restore-batch';

export const FORK = 'fork';

export interface ForkInput {
  readonly [field: string]: unknown;
  readonly source: string;
  readonly forked_from: ForkedFrom;
}

/** The same for the same op id: of twins that ask at once, one makes the brane. */
export function forkedBraneId(source: BraneId, userId: UserId, opId: OpId): BraneId {
  return asBraneId(derivedUuid(['fork', source, userId, opId]));
}

interface ForkDeps extends HistoryDeps {
  readonly committer: Pick<Committer, 'restore' | 'administer'>;
}

/**
 * Copies what was live in a brane at one seq into a new one (SYNC U3): every object gets an id of its own, that follows from
 * the operation and its old one; prototypes and models are shared. The last step says that the copy is complete.
 */
export function forkOperation(deps: ForkDeps): OperationKind {
  const trees = new PastTrees();
  return {
    kind: FORK,
    step: async (step) => {
      const { operation } = step;
      const { source, forked_from: from } = operation.input as unknown as ForkInput;
      const sourceId = asBraneId(source);
      await assertSeen(deps.store, sourceId, operation.user_id);
      const tree = await trees.get(operation.id, () => PastTree.read(deps, sourceId, from.seq));
      const index = Number(operation.cursor?.['index'] ?? 0);
      if (index >= tree.order.length) {
        trees.forget(operation.id);
        return complete(deps, step, from);
      }
      return copy(deps, step, tree, index);
    },
  };
}

/** Whoever may not see the source any more gets no more of it. */
async function assertSeen(store: Store, source: BraneId, userId: UserId): Promise<void> {
  const meta = await readMeta(store, source);
  assertCan(asUser(userId), 'brane.view', meta, { details: { id: source } });
  if (meta.status !== 'live') throw fail('brane.deleted', { id: source });
}

async function copy(deps: ForkDeps, step: OperationStep, tree: PastTree, from: number): Promise<StepOutcome> {
  const { operation } = step;
  const copies = new Copies(deps.store, operation, tree);
  const targets: { readonly id: ObjectId; readonly object: SceneObject }[] = [];
  let bytes = 0;
  let index = from;
  for (; index < tree.order.length; index += 1) {
    if (targets.length >= RESTORE_LIMITS.targets || bytes >= RESTORE_LIMITS.bytes) break;
    const id = tree.order[index];
    if (id === undefined) break;
    const object = await copies.of(tree.get(id));
    targets.push({ id: object.id, object });
    bytes += weigh(object);
  }
  const total = tree.order.length;
  const outcome: StepOutcome = { kind: 'more', cursor: { index }, progress: { done: index, total } };
  const { brane_id, user_id, id: operation_id, step: number } = operation;
  try {
    await deps.committer.restore({
      ...{ brane_id, operation_id, targets, bytes },
      actor: { kind: 'user', user_id },
      op_id: step.opId,
      asked: { operation_id, step: number },
      also: step.advance(outcome),
    });
  } catch (error) {
    // The root alone, of a brane that holds nothing else: it is as it was.
    if (!(error instanceof StateError) || error.code !== 'edit.empty') throw error;
  }
  return outcome;
}

async function complete(deps: ForkDeps, step: OperationStep, from: ForkedFrom): Promise<StepOutcome> {
  const { brane_id, user_id, id: operation_id } = step.operation;
  const outcome: StepOutcome = { kind: 'done', result: { brane_id } };
  await deps.committer.administer({
    ...{ brane_id, operation_id },
    actor: { kind: 'user', user_id },
    op_id: step.opId,
    ops: [{ op: 'set_brane', forked_from: { ...from, complete: true } }],
    also: step.advance(outcome),
  });
  return outcome;
}

/** Objects as they are to be in the new brane. */
class Copies {
  private readonly schemas = new Map<string, PropertySchema | undefined>();

  constructor(
    private readonly store: Store,
    private readonly operation: OperationStep['operation'],
    private readonly tree: PastTree,
  ) {}

  async of(object: SceneObject): Promise<SceneObject> {
    const { brane_id, user_id, created_at } = this.operation;
    const { parent_id: parentId, co_edited: _others, deleted_at: _mark, ...rest } = object;
    const properties = await this.refer(object);
    return {
      ...rest,
      id: this.idOf(object.id),
      brane_id,
      parent_id: parentId === null ? null : this.idOf(parentId),
      properties,
      created_at,
      created_by: user_id,
    };
  }

  /** The root of a brane has its id (SYNC S7). */
  private idOf(id: ObjectId): ObjectId {
    const isRoot = this.tree.order[0] === id;
    return isRoot ? this.operation.brane_id : asObjectId(derivedUuid(['forked', this.operation.id, id]));
  }

  /** References to objects of the same brane lead to their copies, where a prototype's schema says that they are such. */
  private async refer(object: SceneObject): Promise<ValueMap> {
    const { properties } = object;
    const schema = await this.schemaOf(object);
    const changed: Record<string, string> = {};
    for (const [name, rule] of Object.entries(schema?.properties ?? {})) {
      const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (rule.type !== 'reference' || rule.to !== 'object' || typeof value !== 'string') continue;
      const id = asObjectId(value);
      if (this.tree.wasLive(id)) changed[name] = this.idOf(id);
    }
    return Object.keys(changed).length === 0 ? properties : { ...properties, ...changed };
  }

  private async schemaOf({ prototype }: SceneObject): Promise<PropertySchema | undefined> {
    if (!prototype || prototype.node !== undefined) return undefined;
    const key = `${prototype.id}/${prototype.version}`;
    if (!this.schemas.has(key)) {
      const version = await this.store.read({ label: 'fork.prototype' }, (tx) =>
        tx.get('prototype_versions', [prototype.id, prototype.version]),
      );
      this.schemas.set(key, version?.schema);
    }
    return this.schemas.get(key);
  }
}
