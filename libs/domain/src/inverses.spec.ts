import fc from 'fast-check';
import { type Entry, picture, TestBrane } from './brane.spec-support';
import type { SceneObject } from './entities';
import {
  editOf,
  type Grower,
  randomBrane,
  type RandomEdit,
  randomEdit,
  soloBrane,
} from './edits.spec-support';

describe('inverses', () => {
  it('undo every edit: what a person sees is as it was before (U1, DOM-3)', () => {
    let undone = 0;
    fc.assert(
      fc.property(randomBrane, randomEdit, (parts, edit) => {
        const { brane, ids } = parts();
        const ops = editOf(edit, brane.scene, ids, brane.newId);
        if (!brane.try(ops).ok) return;
        const before = picture(brane.scene, brane.root);
        const result = brane.undo(brane.edit(ops));
        expect(picture(brane.scene, brane.root)).toEqual(before);
        expect(result.skipped).toEqual([]);
        undone += 1;
      }),
      { numRuns: 500 },
    );
    expect(undone).toBeGreaterThan(100);
  });

  it('redo what was undone, as often as one likes (U1, DOM-3)', () => {
    fc.assert(
      fc.property(randomBrane, randomEdit, (parts, edit) => {
        const { brane, ids } = parts();
        const ops = editOf(edit, brane.scene, ids, brane.newId);
        if (!brane.try(ops).ok) return;
        const before = picture(brane.scene, brane.root);
        let entry = brane.edit(ops);
        const after = picture(brane.scene, brane.root);
        for (let round = 0; round < 3; round += 1) {
          entry = brane.undo(entry);
          expect(picture(brane.scene, brane.root)).toEqual(before);
          entry = brane.undo(entry);
          expect(picture(brane.scene, brane.root)).toEqual(after);
        }
      }),
      { numRuns: 200 },
    );
  });

  /** Plays those edits that pass; the pictures are of before, between and after them. */
  function session({ brane, ids }: ReturnType<Grower>, edits: readonly RandomEdit[]) {
    const pictures = [picture(brane.scene, brane.root)];
    const done: Entry[] = [];
    for (const edit of edits) {
      const ops = editOf(edit, brane.scene, ids, brane.newId);
      if (!brane.try(ops).ok) continue;
      done.push(brane.edit(ops));
      for (const op of ops) if (op.op === 'create' && op.object.id) ids.add(op.object.id);
      pictures.push(picture(brane.scene, brane.root));
    }
    return { pictures, done };
  }

  function undoAll(brane: TestBrane, done: readonly Entry[], pictures: readonly unknown[]): Entry[] {
    return done.toReversed().map((entry, index) => {
      const undone = brane.undo(entry);
      expect(picture(brane.scene, brane.root)).toEqual(pictures[done.length - 1 - index]);
      return undone;
    });
  }

  it('undo a whole session backwards, whoever made the brane (U1)', () => {
    fc.assert(
      fc.property(randomBrane, fc.array(randomEdit, { maxLength: 10 }), (parts, edits) => {
        const grown = parts();
        const { pictures, done } = session(grown, edits);
        undoAll(grown.brane, done, pictures);
      }),
      { numRuns: 200 },
    );
  });

  it('redo a whole session forwards, twice, in a brane of one’s own (U1)', () => {
    fc.assert(
      fc.property(soloBrane, fc.array(randomEdit, { maxLength: 10 }), (parts, edits) => {
        const grown = parts();
        const { brane } = grown;
        const { pictures, done } = session(grown, edits);
        let entries = done;
        for (let round = 0; round < 2; round += 1) {
          const undone = undoAll(brane, entries, pictures);
          entries = undone.toReversed().map((entry, index) => {
            const redone = brane.undo(entry);
            expect(picture(brane.scene, brane.root)).toEqual(pictures[index + 1]);
            return redone;
          });
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never take another’s later value away (U1)', () => {
    const value = fc.constantFrom(1, 2, 3);
    const pointers = fc.dictionary(
      fc.constantFrom('/properties/a', '/properties/b', '/properties/c/d'),
      value,
      {
        minKeys: 1,
      },
    );
    fc.assert(
      fc.property(pointers, pointers, pointers, (start, mine, theirs) => {
        const brane = new TestBrane();
        const id = brane.block();
        brane.edit([{ op: 'update', id, set: start }]);
        const entry = brane.edit([{ op: 'update', id, set: mine }]);
        brane.edit([{ op: 'update', id, set: theirs }], brane.peer);
        const result = brane.tryUndo(entry);
        const undone = result.ok ? brane.undo(entry) : undefined;
        const untouched = Object.keys(mine).filter(
          (key) => theirs[key] === undefined || theirs[key] === mine[key],
        );
        expect(result.ok).toBe(untouched.length > 0);
        const properties = { ...flat(brane.get(id)) };
        for (const [key, wanted] of Object.entries({ ...start, ...mine, ...theirs })) {
          expect(properties[key]).toBe(undone && untouched.includes(key) ? start[key] : wanted);
        }
      }),
    );
  });
});

function flat({ properties: { a, b, c } }: SceneObject): Readonly<Record<string, unknown>> {
  const { d } = (c ?? {}) as { readonly d?: unknown };
  return { '/properties/a': a, '/properties/b': b, '/properties/c/d': d };
}
