import { TestBrane, codeOf, unwrap } from './brane.spec-support';
import { compose, IDENTITY } from './matrix';
import type { Op } from './ops';
import { type Scene } from './scene';
import { WorkingCopy } from './working-copy';

function town() {
  const brane = new TestBrane();
  const street = brane.group();
  const house = brane.group(street);
  const door = brane.block(house);
  const context = { ...brane.nextContext(brane.peer) };
  const apply = (op: Op): ReturnType<Scene['apply']> => brane.scene.apply(op, context);
  return { brane, street, house, door, context, apply };
}

describe('the reducer', () => {
  it('stamps what it touches: version, seq, time, author, and who else was there (U1)', () => {
    const { brane, door, context, apply } = town();
    unwrap(apply({ op: 'transform', id: door, transform: compose({ translation: [1, 0, 0] }), version: 2 }));
    expect(brane.get(door)).toMatchObject({
      version: 2,
      seq: context.seq,
      updated_at: context.at,
      updated_by: brane.peer,
      co_edited: true,
    });
    expect(brane.get(door).created_by).toBe(brane.owner);
    brane.edit([{ op: 'update', id: door, set: { '/name': 'mine' } }]);
    expect(brane.get(door)).toMatchObject({ updated_by: brane.owner, co_edited: true });
  });

  it('does not call an object co-edited that only its creator has touched (U1)', () => {
    const { brane, door } = town();
    brane.edit([{ op: 'update', id: door, set: { '/name': 'mine' } }]);
    expect(brane.get(door)).not.toHaveProperty('co_edited');
  });

  it('refuses an op that was resolved against another version (DOM-5)', () => {
    const { door, apply } = town();
    for (const version of [0, 1, 3]) {
      expect(codeOf(apply({ op: 'delete', id: door, version }))).toBe('object.version_mismatch');
    }
  });

  it('moves an object to its place among the new siblings', () => {
    const { brane, street, house, door, apply } = town();
    const last = brane.block(street, { order: 'b10' });
    unwrap(apply({ op: 'move', id: door, parent_id: street, order: 'b0z', version: 2 }));
    expect(brane.scene.children(street)).toEqual([house, door, last]);
    expect(brane.scene.children(house)).toEqual([]);
  });

  it('refuses a move into itself, below itself, into a block, a link, or nowhere (DOM-2)', () => {
    const { brane, street, house, door, apply } = town();
    const link = brane.group(brane.root, { link: brane.newId() } as never);
    const move = (parent_id: typeof house): Op => ({
      op: 'move',
      id: street,
      parent_id,
      order: 'a0',
      version: 2,
    });
    expect(codeOf(apply(move(street)))).toBe('object.cycle');
    expect(codeOf(apply(move(house)))).toBe('object.cycle');
    expect(codeOf(apply(move(door)))).toBe('object.not_a_group');
    expect(codeOf(apply(move(link)))).toBe('object.not_a_group');
    expect(codeOf(apply(move(brane.newId())))).toBe('object.not_found');
  });

  it('marks one record for a whole subtree, and lifts the mark again (S1)', () => {
    const { brane, street, house, door, context, apply } = town();
    unwrap(apply({ op: 'delete', id: street, version: 2 }));
    expect(brane.get(street).deleted_at).toBe(context.at);
    expect(brane.get(house)).not.toHaveProperty('deleted_at');
    expect([street, house, door].map((id) => brane.scene.isDeleted(id))).toEqual([true, true, true]);
    expect(brane.scene.isDeleted(brane.root)).toBe(false);
    expect(brane.scene.isDeleted(brane.newId())).toBe(true);
    expect(brane.scene.size).toBe(4);
    unwrap(apply({ op: 'undelete', id: street, version: 3 }));
    expect(brane.get(street)).not.toHaveProperty('deleted_at');
    expect(brane.scene.isDeleted(door)).toBe(false);
  });

  it('finds nothing below a mark (S1)', () => {
    const { brane, street, house, door, apply } = town();
    unwrap(apply({ op: 'delete', id: house, version: 2 }));
    unwrap(apply({ op: 'delete', id: street, version: 2 }));
    const ops: Op[] = [
      { op: 'update', id: door, set: { '/name': 'x' }, unset: [], version: 2 },
      { op: 'transform', id: door, transform: IDENTITY, version: 2 },
      { op: 'move', id: door, parent_id: brane.root, order: 'a0', version: 2 },
      { op: 'delete', id: door, version: 2 },
      { op: 'delete', id: street, version: 3 },
      { op: 'undelete', id: house, version: 3 },
    ];
    for (const op of ops) expect(codeOf(apply(op))).toBe('object.not_found');
  });

  it('lifts no mark that is not there', () => {
    const { door, apply } = town();
    expect(codeOf(apply({ op: 'undelete', id: door, version: 2 }))).toBe('object.not_deleted');
  });

  it('leaves the root where it is, but lets it be named', () => {
    const { brane, street, apply } = town();
    const id = brane.root;
    expect(codeOf(apply({ op: 'move', id, parent_id: street, order: 'a0', version: 2 }))).toBe(
      'object.is_root',
    );
    expect(codeOf(apply({ op: 'transform', id, transform: IDENTITY, version: 2 }))).toBe('object.is_root');
    expect(codeOf(apply({ op: 'delete', id, version: 2 }))).toBe('object.is_root');
    expect(codeOf(apply({ op: 'undelete', id, version: 2 }))).toBe('object.is_root');
    expect(apply({ op: 'update', id, set: { '/name': 'root' }, unset: [], version: 2 }).ok).toBe(true);
  });

  it('takes a created object only once, and only where it belongs', () => {
    const { brane, house, door, apply } = town();
    const object = brane.get(door);
    const id = brane.newId();
    expect(codeOf(apply({ op: 'create', object }))).toBe('object.exists');
    expect(codeOf(apply({ op: 'create', object: { ...object, id, parent_id: door } }))).toBe(
      'object.not_a_group',
    );
    expect(codeOf(apply({ op: 'create', object: { ...object, id, parent_id: null } }))).toBe('op.invalid');
    expect(codeOf(apply({ op: 'create', object: { ...object, id, brane_id: id as never } }))).toBe(
      'op.invalid',
    );
    const another = { ...brane.get(house), id, is_brane: true } as never;
    expect(codeOf(apply({ op: 'create', object: another }))).toBe('op.invalid');
  });

  it('gives a created object the seq of its entry', () => {
    const { brane, street, context, apply } = town();
    const id = brane.newId();
    unwrap(apply({ op: 'create', object: { ...brane.get(street), id, seq: 0 } }));
    expect(brane.get(id).seq).toBe(context.seq);
  });

  it('re-spreads keys without a new version or author (S6)', () => {
    const { brane, street, house, context, apply } = town();
    const second = brane.block(street);
    const before = brane.get(house);
    unwrap(apply({ op: 'reorder', parent_id: street, orders: { [house]: 'a9', [second]: 'a5' } }));
    expect(brane.get(house)).toEqual({ ...before, order: 'a9', seq: context.seq });
    expect(brane.scene.children(street)).toEqual([second, house]);
    expect(codeOf(apply({ op: 'reorder', parent_id: brane.root, orders: { [house]: 'a0' } }))).toBe(
      'op.invalid',
    );
    expect(
      codeOf(apply({ op: 'reorder', parent_id: street, orders: { [second]: 'a0', [brane.newId()]: 'a0' } })),
    ).toBe('object.not_found');
    expect(brane.get(second).order).toBe('a5');
  });

  it('reaps marked records, never live ones, and never leaves an orphan (S1)', () => {
    const { brane, street, house, door, apply } = town();
    const unmarked: Op = { op: 'reap', ids: [door] };
    expect(codeOf(apply(unmarked))).toBe('object.not_deleted');
    unwrap(apply({ op: 'delete', id: street, version: 2 }));
    expect(codeOf(apply({ op: 'reap', ids: [street, house] }))).toBe('op.invalid');
    unwrap(apply({ op: 'reap', ids: [street, house, door, brane.newId()] }));
    expect(brane.scene.size).toBe(1);
    expect(brane.scene.children(brane.root)).toEqual([]);
    expect(brane.scene.children(house)).toEqual([]);
    expect(apply({ op: 'reap', ids: [street] }).ok).toBe(true);
  });

  it('refuses what it does not know (DOM-1)', () => {
    const { apply } = town();
    expect(codeOf(apply({ op: 'explode' } as never))).toBe('op.unsupported');
  });

  it('applies an entry as a whole or not at all (L1)', () => {
    const { brane, door, context } = town();
    const ops: Op[] = [
      { op: 'update', id: door, set: { '/name': 'x' }, unset: [], version: 2 },
      { op: 'delete', id: brane.newId(), version: 2 },
    ];
    expect(codeOf(brane.scene.applyAll(ops, context))).toBe('object.not_found');
    expect(brane.get(door).name).toBe('');
    expect(brane.scene.applyAll(ops.slice(0, 1), context).ok).toBe(true);
  });

  it('is the same for a working copy (DOM-1)', () => {
    const { brane, street, context } = town();
    const copy = new WorkingCopy(brane.scene);
    unwrap(copy.apply({ op: 'delete', id: street, version: 2 }, context));
    expect(brane.scene.isDeleted(street)).toBe(false);
    expect([...copy.changes().put.keys()]).toEqual([street]);
  });
});
