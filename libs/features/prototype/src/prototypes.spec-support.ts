import { type Committer, createCommitter } from '@state-server/commit';
import {
  asBraneId,
  asObjectId,
  asOpId,
  asPrototypeId,
  asUserId,
  type BraneId,
  type ClientOp,
  IDENTITY,
  type ObjectId,
  type Op,
  type PrototypeId,
  type PrototypeNode,
  type SceneObject,
  type UserId,
} from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { PrototypeDoc, Store } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { createPrototype, type CreatePrototype } from './create-prototype';
import type { PrototypeDeps } from './prototype-deps';
import { type PublishedVersion, publishVersion, type PublishVersion } from './publish-version';

export const coded = (code: string): unknown => expect.objectContaining({ code });

export function node(key: string, fields: Partial<PrototypeNode> = {}): PrototypeNode {
  const base = { key, parent: null, order: 'a0', name: key, transform: IDENTITY, properties: {} };
  return { ...base, kind: 'group', gallery: {}, ...fields } as PrototypeNode;
}

/** A lamp: a foot with a bulb. */
export const LAMP: readonly PrototypeNode[] = [
  node('lamp'),
  node('foot', { parent: 'lamp' }),
  node('bulb', { parent: 'foot', kind: 'block', model: null, properties: { watt: 8 } }),
];

/** A brane of one user, and prototypes. */
export interface Workshop {
  readonly environment: FakeEnvironment;
  readonly store: Store;
  readonly committer: Committer;
  readonly deps: PrototypeDeps;
  readonly owner: UserId;
  readonly stranger: UserId;
  readonly braneId: BraneId;
  newOp(): ReturnType<typeof asOpId>;
  newId(): ObjectId;
  prototype(fields?: Partial<CreatePrototype>): Promise<PrototypeDoc>;
  publish(id: PrototypeId, fields?: Partial<PublishVersion>): Promise<PublishedVersion>;
  /** An edit of the owner in his brane. */
  edit(...ops: ClientOp[]): Promise<readonly Op[]>;
  instantiate(prototypeId: PrototypeId, fields?: object): Promise<readonly SceneObject[]>;
  object(id: ObjectId): Promise<SceneObject | undefined>;
  close(): Promise<void>;
}

export async function openWorkshop(): Promise<Workshop> {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment });
  const committer = createCommitter({ store, environment, publish: () => undefined, writerId: 'spec' });
  const deps = { store, committer, environment };
  const owner = asUserId(environment.ids.uuid());
  const braneId = asBraneId(environment.ids.uuid());
  const newOp = (): ReturnType<typeof asOpId> => asOpId(environment.ids.uuid());
  const newId = (): ObjectId => asObjectId(environment.ids.uuid());
  const actor = { kind: 'user', user_id: owner } as const;
  await committer.createBrane(actor, { id: braneId, op_id: newOp(), name: 'b', visibility: 'private' });
  const edit = async (...ops: ClientOp[]): Promise<readonly Op[]> =>
    (await committer.edit({ brane_id: braneId, actor, op_id: newOp(), ops })).ops;
  return {
    environment,
    store,
    committer,
    deps,
    owner,
    stranger: asUserId(environment.ids.uuid()),
    braneId,
    newOp,
    newId,
    edit,
    prototype: (fields = {}) =>
      createPrototype(deps, {
        user_id: owner,
        id: asPrototypeId(environment.ids.uuid()),
        kind: 'single',
        name: 'lamp',
        is_public: false,
        ...fields,
      }),
    publish: (id, fields = {}) =>
      publishVersion(deps, { user_id: owner, id, tree: { nodes: LAMP, members: [] }, ...fields }),
    instantiate: async (prototypeId, fields = {}) => {
      const op = { op: 'instantiate', prototype_id: prototypeId, parent_id: braneId, ...fields } as const;
      return (await edit(op)).flatMap((made) => (made.op === 'create' ? [made.object] : []));
    },
    object: async (id) =>
      (await store.read({ label: 'spec' }, (tx) => tx.get('objects', [braneId, id])))?.object,
    close: async () => {
      await committer.drain();
      await store.close();
    },
  };
}
