import fc from 'fast-check';
import { TestBrane, dump, unwrap } from './brane.spec-support';
import type { ObjectId } from './ids';
import { resolveEdit } from './resolve-edit';
import type { SceneReader } from './scene-reader';
import { editOf, randomBrane, randomEdit } from './edits.spec-support';
import { Scene } from './scene';
import { WorkingCopy } from './working-copy';

/** Knows only what was asked for before: the first look at anything else is interrupted. */
class Partial implements SceneReader {
  readonly known = new Set<string>();
  interruptions = 0;

  constructor(private readonly whole: SceneReader) {}

  get meta() {
    return this.whole.meta;
  }

  get size() {
    return this.whole.size;
  }

  get(id: ObjectId) {
    this.need(id);
    return this.whole.get(id);
  }

  children(id: ObjectId) {
    this.need(`${id} children`);
    return this.whole.children(id);
  }

  private need(what: string): void {
    if (this.known.has(what)) return;
    this.known.add(what);
    this.interruptions += 1;
    throw new Signal();
  }
}

class Signal extends Error {}

describe('a working copy', () => {
  it('shows its changes, and leaves the base as it is', () => {
    const brane = new TestBrane();
    const house = brane.group();
    const copy = new WorkingCopy(brane.scene);
    const context = brane.nextContext();
    unwrap(copy.apply({ op: 'delete', id: house, version: 2 }, context));
    unwrap(copy.apply({ op: 'reap', ids: [house] }, context));
    unwrap(copy.apply({ op: 'set_brane', name: 'new' }, context));
    expect(copy.get(house)).toBeUndefined();
    expect(copy.children(brane.root)).toEqual([]);
    expect(copy.size).toBe(1);
    expect(copy.changes().removed).toEqual(new Set([house]));
    expect(copy.changes().meta).toMatchObject({ name: 'new' });
    expect(brane.scene.get(house)).toBeDefined();
    expect(brane.scene.size).toBe(2);
    expect(brane.scene.meta.name).toBe('a brane');
  });

  it('agrees with a scene about every edit, and undoes refused ones without a trace (L1, DOM-1)', () => {
    fc.assert(
      fc.property(randomBrane, fc.array(randomEdit, { maxLength: 8 }), (parts, edits) => {
        const { brane, ids } = parts();
        const copy = new WorkingCopy(brane.scene);
        const scene = new Scene(brane.scene.meta, brane.scene.objects());
        for (const edit of edits) {
          const ops = editOf(edit, copy, ids, brane.newId);
          const context = brane.nextContext(edit.byPeer ? brane.peer : brane.owner);
          const before = dump(copy, ids);
          const resolved = resolveEdit(copy, ops, context, { newId: brane.newId });
          if (resolved.ok) unwrap(scene.applyAll(resolved.value.ops, context));
          else expect(dump(copy, ids)).toEqual(before);
          for (const id of copy.changes().put.keys()) ids.add(id);
          expect(dump(copy, ids)).toEqual(dump(scene, ids));
          const rebuilt = new Scene(scene.meta, scene.objects());
          expect(dump(rebuilt, ids)).toEqual(dump(scene, ids));
        }
      }),
    );
  });

  it('comes back to a savepoint exactly, and can go on from there', () => {
    fc.assert(
      fc.property(
        randomBrane,
        fc.array(randomEdit, { minLength: 2, maxLength: 8 }),
        fc.nat(),
        (parts, edits, at) => {
          const { brane, ids } = parts();
          const copy = new WorkingCopy(brane.scene);
          const run = (part: typeof edits): void => {
            for (const edit of part) {
              const ops = editOf(edit, copy, ids, brane.newId);
              resolveEdit(copy, ops, brane.nextContext(), { newId: brane.newId });
            }
          };
          const cut = at % edits.length;
          run(edits.slice(0, cut));
          const before = { ...dump(copy, ids), changes: copy.changes() };
          const savepoint = copy.savepoint();
          run(edits.slice(cut));
          copy.rollback(savepoint);
          expect({ ...dump(copy, ids), changes: copy.changes() }).toEqual(before);
          run(edits.slice(cut));
          copy.rollback({ steps: 0 });
          expect(copy.changes()).toEqual({ put: new Map(), removed: new Set() });
          expect(dump(copy, ids)).toEqual(dump(brane.scene, ids));
        },
      ),
    );
  });

  it('survives a base that interrupts any read, and comes to the same result', () => {
    fc.assert(
      fc.property(randomBrane, fc.array(randomEdit, { minLength: 1, maxLength: 3 }), (parts, edits) => {
        const { brane, ids } = parts();
        const partial = new Partial(brane.scene);
        const copy = new WorkingCopy(partial);
        const reference = new WorkingCopy(brane.scene);
        for (const edit of edits) {
          const ops = editOf(edit, reference, ids, brane.newId);
          const context = brane.nextContext();
          const made: ObjectId[] = [];
          const newId = (index: number): ObjectId => (made[index] ??= brane.newId());
          let drawn = 0;
          const environment = { newId: () => newId(drawn++) };
          const expected = resolveEdit(reference, ops, context, environment);
          for (;;) {
            const before = copy.changes();
            drawn = 0;
            try {
              expect(resolveEdit(copy, ops, context, environment)).toEqual(expected);
              break;
            } catch (signal) {
              if (!(signal instanceof Signal)) throw signal;
              expect(copy.changes()).toEqual(before);
            }
          }
          expect(copy.changes()).toEqual(reference.changes());
        }
        expect(partial.interruptions).toBeGreaterThan(0);
      }),
    );
  });

  it('is interrupted in a raw write before anything is written', () => {
    const brane = new TestBrane();
    const house = brane.group();
    const door = brane.block(house);
    const partial = new Partial(brane.scene);
    const copy = new WorkingCopy(partial);
    const moved = { ...brane.get(door), parent_id: brane.root };
    let puts = 0;
    for (let done = false; !done;) {
      puts += 1;
      try {
        copy.put(moved);
        done = true;
      } catch {
        expect(copy.changes().put.size).toBe(0);
      }
    }
    expect(puts).toBeGreaterThan(3);
    expect(copy.children(brane.root)).toHaveLength(2);
    expect(copy.children(house)).toEqual([]);
  });
});
