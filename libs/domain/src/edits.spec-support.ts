import fc from 'fast-check';
import { TestBrane } from './brane.spec-support';
import type { Value } from './entities';
import type { ObjectId } from './ids';
import { compose } from './matrix';
import type { ClientOp } from './ops';
import type { SceneReader } from './scene-reader';

/** An op by numbers, which become objects of the scene that it meets. */
export interface RandomOp {
  readonly kind: 'group' | 'block' | 'update' | 'transform' | 'move' | 'delete';
  readonly target: number;
  readonly parent: number;
  readonly order: string | undefined;
  readonly set: readonly (readonly [string, Value])[];
  readonly unset: readonly string[];
  readonly shift: number;
}

export interface RandomEdit {
  readonly byPeer: boolean;
  readonly ops: readonly RandomOp[];
}

const order = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom('a0', 'a1', 'a1V', 'a00', 'Zz', `a0${'0'.repeat(70)}V`, `a1${'z'.repeat(62)}`, 'no key'),
);
const pointer = fc.constantFrom(
  '/name',
  '/properties/a',
  '/properties/a/b',
  '/properties/c/d/e',
  '/properties/c/d/f',
  '/properties',
  '/properties/x~1y',
  '/model',
  '/transform',
);
const value: fc.Arbitrary<Value> = fc.constantFrom<Value>('text', 1, 2n, null, true, [1, 2], { b: 1 }, {});

const randomOp: fc.Arbitrary<RandomOp> = fc.record({
  kind: fc.constantFrom(
    'group',
    'group',
    'block',
    'block',
    'update',
    'update',
    'transform',
    'move',
    'move',
    'delete',
  ),
  target: fc.nat(40),
  parent: fc.nat(40),
  order,
  set: fc.array(fc.tuple(pointer, value), { maxLength: 3 }),
  unset: fc.array(pointer, { maxLength: 2 }),
  shift: fc.integer({ min: -3, max: 3 }),
});

export const randomEdit: fc.Arbitrary<RandomEdit> = fc.record({
  byPeer: fc.boolean(),
  ops: fc.array(randomOp, { minLength: 1, maxLength: 4 }),
});

/** The ops, about objects of these ids: some will be refused. */
export function editOf(
  edit: RandomEdit,
  scene: SceneReader,
  ids: ReadonlySet<ObjectId>,
  newId: () => ObjectId,
): ClientOp[] {
  const all = [...ids];
  const groups = all.filter((id) => scene.get(id)?.kind === 'group');
  const pick = (list: readonly ObjectId[], index: number): ObjectId => list[index % list.length] ?? newId();
  return edit.ops.map((op): ClientOp => {
    const id = pick(all, op.target);
    // Now and then a parent that is none.
    const parent = op.parent === 40 ? id : pick(groups, op.parent);
    const place = op.order === undefined ? { parent_id: parent } : { parent_id: parent, order: op.order };
    switch (op.kind) {
      case 'group':
      case 'block':
        return {
          op: 'create',
          object: { ...place, kind: op.kind, id: newId(), properties: { a: op.shift } },
        };
      case 'update':
        return { op: 'update', id, set: Object.fromEntries(op.set), unset: op.unset };
      case 'transform':
        return { op: 'transform', id, transform: compose({ translation: [op.shift, 0, 0] }) };
      case 'move':
        return { op: 'move', id, ...place };
      case 'delete':
        return { op: 'delete', id };
    }
  });
}

interface Grown {
  readonly brane: TestBrane;
  readonly ids: Set<ObjectId>;
}

export type Grower = () => Grown;

/** Makes a brane out of a few edits, those that pass; with the ids of all its objects. */
export const randomBrane: fc.Arbitrary<Grower> = fc
  .array(randomEdit, { maxLength: 12 })
  .map((edits) => () => grow(edits));

/** The same, by its owner alone. */
export const soloBrane: fc.Arbitrary<Grower> = fc
  .array(randomEdit, { maxLength: 12 })
  .map((edits) => () => grow(edits.map(({ ops }) => ({ ops, byPeer: false }))));

function grow(edits: readonly RandomEdit[]): Grown {
  const brane = new TestBrane();
  const ids = new Set([brane.root]);
  const street = brane.group();
  const house = brane.group(street);
  for (const id of [street, house, brane.block(house)]) ids.add(id);
  for (const edit of edits) {
    const ops = editOf(edit, brane.scene, ids, brane.newId);
    const actor = edit.byPeer ? brane.peer : brane.owner;
    if (!brane.try(ops, actor).ok) continue;
    for (const op of brane.edit(ops, actor).ops) if (op.op === 'create') ids.add(op.object.id);
  }
  return { brane, ids };
}
