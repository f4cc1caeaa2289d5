import { type Actor, type Position, readObject, withReadErrors, withResult } from '@state-server/commit';
import {
  asUser,
  type BraneId,
  can,
  type ClientOp,
  type ObjectId,
  type OpId,
  type PrototypeRef,
  type SceneObject,
  type UserId,
} from '@state-server/domain';
import type { ReadTransaction, Store, Transaction } from '@state-server/persistence-port';
import { assertCan, fail } from '@state-server/protocol';
import type { PrototypeDeps } from './prototype-deps';

export interface UpgradedObject {
  readonly object: SceneObject;
  readonly position: Position;
  /** Where the instance had been changed as well as the prototype: its own value was kept. */
  readonly conflicts: readonly { readonly id: ObjectId; readonly pointer: string }[];
  readonly replayed: boolean;
}

export interface UpgradeObject {
  readonly user_id: UserId;
  readonly op_id: OpId;
  readonly trace_id?: string;
  readonly id: ObjectId;
  /** Without it the latest. */
  readonly version?: number;
  /** All instances at and below the object, each to the latest version. */
  readonly subtree?: boolean;
  readonly if_versions?: readonly number[];
  readonly also?: (tx: Transaction, upgraded: UpgradedObject) => Promise<void>;
}

/** Objects of a subtree that are looked at. */
const MAX_WALKED = 5_000;

/**
 * Upgrades an instance, or all at and below an object, in one edit. Throws `object.not_found`, `permission.denied`, what the
 * rules of instances refuse, `upgrade.nothing` when all are at their latest version, `edit.too_large`.
 */
export async function upgradeObject(deps: PrototypeDeps, input: UpgradeObject): Promise<UpgradedObject> {
  const { user_id, op_id, trace_id, id, version, subtree, also } = input;
  const { object, brane_id } = await editable(deps.store, user_id, id);
  if (input.if_versions?.includes(object.version) === false) {
    throw fail('object.version_mismatch', { id, version: object.version });
  }
  const condition = input.if_versions === undefined ? {} : { if_version: object.version };
  const one: ClientOp = { op: 'upgrade', id, ...(version === undefined ? {} : { version }), ...condition };
  const ops = subtree === true ? await opsBelow(deps.store, user_id, object) : [one];
  const actor: Actor = { kind: 'user', user_id };
  const origin = { brane_id, actor, op_id, ...(trace_id === undefined ? {} : { trace_id }) };
  return withResult(
    (hook) => deps.committer.edit({ ...origin, ops, also: hook }),
    async (tx, { epoch, seq, replayed, skipped = [] }) => {
      const doc = await tx.get('objects', [brane_id, id]);
      if (!doc) throw fail('object.not_found', { id });
      return { object: doc.object, position: { epoch, seq }, conflicts: skipped, replayed };
    },
    also,
  );
}

/** Throws `object.not_found` for whoever may not see it, `permission.denied` for whoever may only look. */
export async function editable(
  store: Store,
  userId: UserId,
  id: ObjectId,
): Promise<{ readonly object: SceneObject; readonly brane_id: BraneId }> {
  const view = await readObject(store, id, userId);
  const there = view?.deleted === false ? view : undefined;
  assertCan(asUser(userId), 'brane.edit', there?.meta, { hidden: 'object.not_found', details: { id } });
  return { object: there.object, brane_id: there.meta.id };
}

interface Instance {
  readonly id: ObjectId;
  readonly ref: PrototypeRef;
}

/** What a group has brought is upgraded with the group. */
function asInstance({ id, prototype: ref }: SceneObject): Instance | undefined {
  if (ref === null || ref.node !== undefined || ref.member !== undefined) return undefined;
  return { id, ref };
}

async function opsBelow(store: Store, userId: UserId, top: SceneObject): Promise<ClientOp[]> {
  return withReadErrors(
    store.read({ label: 'prototype.instances_below' }, async (tx) => {
      const instances = await instancesBelow(tx, top);
      const ids = [...new Set(instances.map(({ ref }) => ref.id))];
      const docs = await tx.getMany(
        'prototypes',
        ids.map((id) => [id]),
      );
      const latest = new Map(docs.flatMap((doc) => (doc ? [[doc.id, doc] as const] : [])));
      const ops = instances.flatMap(({ id, ref }): ClientOp[] => {
        const doc = latest.get(ref.id);
        const version =
          doc?.is_deleted === false && can(asUser(userId), 'prototype.use', doc) === 'allowed'
            ? doc.latest_version
            : undefined;
        return version !== undefined && version > ref.version ? [{ op: 'upgrade', id, version }] : [];
      });
      if (ops.length > 0) return ops;
      throw fail('upgrade.nothing', { id: top.id, instances: instances.length });
    }),
  );
}

async function instancesBelow(tx: ReadTransaction, top: SceneObject): Promise<Instance[]> {
  const found: Instance[] = [];
  const line: SceneObject[] = [top];
  for (const object of line) {
    const instance = asInstance(object);
    if (instance) found.push(instance);
    if (object.kind === 'block') continue;
    const limit = MAX_WALKED - line.length + 1;
    const children = await tx.range('objects', {
      index: 'by_parent',
      prefix: [object.brane_id, object.id],
      limit,
    });
    for (const doc of children) if (doc.deleted_at === undefined) line.push(doc.object);
    if (children.length < limit) continue;
    throw fail('edit.too_large', { id: top.id, max: MAX_WALKED }, 'There is too much below it for one edit.');
  }
  return found;
}
