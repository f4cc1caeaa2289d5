import {
  type Committer,
  type OperationKind,
  type OperationStep,
  type StepOutcome,
  withReadErrors,
} from '@state-server/commit';
import { asObjectId, type BraneId, type ClientOp, type ObjectId } from '@state-server/domain';
import type { ObjectDoc, OperationDoc, ReadTransaction, Store } from '@state-server/persistence-port';
import { fail, StateError } from '@state-server/protocol';
import { DEMOTE, type DemoteInput } from './demote-object';

export interface DemoteDeps {
  readonly store: Store;
  readonly committer: Committer;
}

/** Where it stands: the group is made; parts move over one by one; the brane is deleted; the group takes the link's place. */
interface Cursor {
  readonly phase: 'move' | 'replace';
  readonly moved: number;
}

/** Something came into the brane while it was being emptied. */
const NOT_EMPTY = 'brane.not_empty';

/**
 * The work of `demoteObject`. Every step is one transaction with the rights that the user has then, so an end before the last
 * one leaves both the link with what is still in its brane, and beside it the group with what has moved: nothing is lost, and
 * asking again goes on with the rest.
 */
export function demoteKind(deps: DemoteDeps): OperationKind {
  return { kind: DEMOTE, step: (step) => demoteSome(deps, step) };
}

async function demoteSome(deps: DemoteDeps, step: OperationStep): Promise<StepOutcome> {
  const cursor = step.operation.cursor as Cursor | undefined;
  if (!cursor) return makeGroup(deps, step);
  return cursor.phase === 'move' ? moveOne(deps, step, cursor) : replaceLink(deps, step, cursor);
}

function inputOf({ input }: OperationDoc): DemoteInput {
  return input as unknown as DemoteInput;
}

function groupOf(step: OperationStep): ObjectId {
  return asObjectId(step.derivedId('group'));
}

function requestOf({ operation, opId }: OperationStep) {
  const { brane_id, user_id, id: operation_id } = operation;
  return { brane_id, actor: { kind: 'user', user_id }, op_id: opId, operation_id } as const;
}

/** A group of the link's name and place, with what the brane's root says of itself. */
async function makeGroup({ store, committer }: DemoteDeps, step: OperationStep): Promise<StepOutcome> {
  const { link, brane } = inputOf(step.operation);
  const { standing, root } = await withReadErrors(
    store.read({ label: 'object.demote.group' }, async (tx) => ({
      standing: await liveObject(tx, step.operation.brane_id, link),
      root: await liveObject(tx, brane, asObjectId(brane)),
    })),
  );
  if (standing.parent_id === null || root.kind !== 'group') throw fail('object.not_a_link', { id: link });
  const { name, transform, parent_id } = standing;
  const { properties, gallery } = root;
  const object = { kind: 'group', parent_id, name, transform, properties, gallery } as const;
  const left = moving(0);
  await committer.edit({
    ...requestOf(step),
    ops: [{ op: 'create', object: { ...object, id: groupOf(step) } }],
    also: step.advance(left),
  });
  return left;
}

/** The first of what hangs below the root; when there is nothing left, the brane is deleted. */
async function moveOne(
  { store, committer }: DemoteDeps,
  step: OperationStep,
  { moved }: Cursor,
): Promise<StepOutcome> {
  const { brane } = inputOf(step.operation);
  const next = await withReadErrors(store.read({ label: 'object.demote.next' }, (tx) => firstIn(tx, brane)));
  if (next) {
    const left = moving(moved + 1);
    const parent_id = groupOf(step);
    await committer.transfer({ ...requestOf(step), id: next.id, parent_id, also: step.advance(left) });
    return left;
  }
  const left: StepOutcome = { kind: 'more', cursor: { phase: 'replace', moved }, progress: { done: moved } };
  try {
    await committer.administer({
      ...requestOf(step),
      brane_id: brane,
      ops: [{ op: 'set_status', status: 'deleted' }],
      also: async (tx, committed) => {
        if (await firstIn(tx, brane)) throw fail('dependency.unavailable', { reason: NOT_EMPTY });
        await step.advance(left)(tx, committed);
      },
    });
  } catch (error) {
    if (!(error instanceof StateError) || error.details?.['reason'] !== NOT_EMPTY) throw error;
    return moving(moved);
  }
  return left;
}

async function replaceLink(
  { store, committer }: DemoteDeps,
  step: OperationStep,
  { moved }: Cursor,
): Promise<StepOutcome> {
  const { link } = inputOf(step.operation);
  const { brane_id } = step.operation;
  const standing = await withReadErrors(
    store.read({ label: 'object.demote.link' }, (tx) => tx.get('objects', [brane_id, link])),
  );
  const done: StepOutcome = {
    kind: 'done',
    result: { group_id: groupOf(step), moved },
    progress: { done: moved },
  };
  // Somebody has deleted it meanwhile: the group stays where it was made.
  if (!standing || standing.deleted_at !== undefined || standing.object.parent_id === null) return done;
  const { parent_id, order } = standing.object;
  const ops: ClientOp[] = [
    { op: 'delete', id: link },
    { op: 'move', id: groupOf(step), parent_id, order },
  ];
  await committer.edit({ ...requestOf(step), ops, also: step.advance(done) });
  return done;
}

function moving(moved: number): StepOutcome {
  return { kind: 'more', cursor: { phase: 'move', moved }, progress: { done: moved } };
}

async function liveObject(tx: ReadTransaction, braneId: BraneId, id: ObjectId): Promise<ObjectDoc['object']> {
  const doc = await tx.get('objects', [braneId, id]);
  if (!doc || doc.deleted_at !== undefined) throw fail('object.not_found', { id });
  return doc.object;
}

/** The first live child of the root, in their order. */
async function firstIn(tx: ReadTransaction, brane: BraneId): Promise<ObjectDoc | undefined> {
  for (let after: readonly [string, string] | undefined; ;) {
    const page: ObjectDoc[] = await tx.range('objects', {
      index: 'by_parent',
      prefix: [brane, brane],
      ...(after === undefined ? {} : { gt: after }),
      limit: 50,
    });
    const live = page.find(({ deleted_at }) => deleted_at === undefined);
    const last = page.at(-1);
    if (live || !last || page.length < 50) return live;
    after = [last.object.order, last.id];
  }
}
