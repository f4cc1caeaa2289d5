import fc from 'fast-check';
import { TestBrane } from './brane.spec-support';
import type { ObjectId } from './ids';
import { compose, IDENTITY } from './matrix';
import {
  BASE_CELL_METRES,
  boundingRadius,
  placedSubtree,
  rekeySubtree,
  spatialKey,
  worldTransform,
} from './space';

const at = (x: number, y = 0, z = 0): Float32Array => compose({ translation: [x, y, z] });

describe('spatial keys', () => {
  it('puts a point into the cell of its position at level 0', () => {
    expect(spatialKey(at(0), 0)).toEqual([0, 0, 0, 0]);
    expect(spatialKey(at(BASE_CELL_METRES, -0.5, 2.5 * BASE_CELL_METRES), 0)).toEqual([1, -1, 2, 0]);
  });

  it('chooses the lowest level whose edge is at least the diameter', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (radius) => {
        const [, , , level] = spatialKey(IDENTITY, radius);
        const edge = BASE_CELL_METRES * 2 ** level;
        expect(edge).toBeGreaterThanOrEqual(2 * radius);
        if (level > 0) expect(edge / 2).toBeLessThan(2 * radius);
      }),
    );
  });

  it('lets the radius grow with the scale', () => {
    expect(spatialKey(compose({ scale: [1, 8, 1] }), BASE_CELL_METRES / 2)).toEqual([0, 0, 0, 3]);
  });

  it('saturates at int32, at both ends (S5)', () => {
    expect(spatialKey(at(3e38, -3e38, 1), 0)).toEqual([2_147_483_647, -2_147_483_648, 0, 0]);
    const [x, y, z, level] = spatialKey(compose({ scale: [3e38, 1, 1] }), 3e38);
    expect([x, y, z]).toEqual([0, 0, 0]);
    expect(level).toBeLessThan(1_100);
  });

  it('is made of int32 numbers, whatever the transform', () => {
    const any = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
      minLength: 16,
      maxLength: 16,
    });
    fc.assert(
      fc.property(any, fc.float({ noNaN: true, noDefaultInfinity: true, min: 0 }), (matrix, radius) => {
        for (const part of spatialKey(matrix, radius)) {
          expect(Object.is(part, part | 0)).toBe(true);
        }
      }),
    );
  });

  it('takes the radius of a model, and nothing for the rest', () => {
    const brane = new TestBrane();
    const model = { id: 'm', digest: 'd', bytes: 1, bounds: [0, 0, 0, 1, 1, 1], radius: 5, previews: [] };
    expect(boundingRadius(brane.get(brane.block(brane.root, { model })))).toBe(5);
    expect(boundingRadius(brane.get(brane.block()))).toBe(0);
    expect(boundingRadius(brane.get(brane.group()))).toBe(0);
  });
});

describe('world transforms', () => {
  const small = fc.float({ noNaN: true, min: -50, max: 50 });
  const shape = fc.array(
    fc.record({
      parent: fc.nat(),
      isGroup: fc.boolean(),
      position: fc.tuple(small, small, small),
      scale: fc.float({ noNaN: true, min: Math.fround(0.5), max: 2 }),
    }),
    { minLength: 1, maxLength: 25 },
  );

  function build(
    parts: readonly { parent: number; isGroup: boolean; position: [number, number, number]; scale: number }[],
  ) {
    const brane = new TestBrane();
    const groups = [brane.root];
    const all: ObjectId[] = [];
    for (const part of parts) {
      const parent = groups[part.parent % groups.length] ?? brane.root;
      const transform = compose({ translation: part.position, scale: [part.scale, part.scale, part.scale] });
      const id = part.isGroup ? brane.group(parent, { transform }) : brane.block(parent, { transform });
      if (part.isGroup) groups.push(id);
      all.push(id);
    }
    return { brane, groups, all };
  }

  it('multiplies from the root down', () => {
    const brane = new TestBrane();
    const outer = brane.group(brane.root, {
      transform: compose({ translation: [10, 0, 0], scale: [2, 2, 2] }),
    });
    const inner = brane.block(outer, { transform: at(1, 2, 3) });
    expect([...Array.from(worldTransform(brane.scene, inner)).slice(12, 15)]).toEqual([12, 4, 6]);
    expect(worldTransform(brane.scene, brane.newId())).toBe(IDENTITY);
  });

  it('finds the same cell from above and from below, bit by bit (S2)', () => {
    fc.assert(
      fc.property(shape, (parts) => {
        const { brane } = build(parts);
        for (const { object, world, cell } of placedSubtree(brane.scene, brane.root)) {
          expect([...Array.from(world)]).toEqual([...Array.from(worldTransform(brane.scene, object.id))]);
          expect(cell).toEqual(spatialKey(worldTransform(brane.scene, object.id), boundingRadius(object)));
        }
      }),
      { numRuns: 30 },
    );
  });

  it('re-keys the whole subtree of a group that moves, and nothing else (S2)', () => {
    fc.assert(
      fc.property(shape, fc.nat(), fc.nat(), (parts, which, where) => {
        const { brane, groups, all } = build(parts);
        const cells = (): Map<ObjectId, string> =>
          new Map(
            [...placedSubtree(brane.scene, brane.root)].map(({ object, cell }) => [object.id, cell.join()]),
          );
        const id = all[which % all.length] ?? brane.root;
        const parent = groups[where % groups.length] ?? brane.root;
        const before = cells();
        if (!brane.try([{ op: 'move', id, parent_id: parent }]).ok) return;
        brane.edit([{ op: 'move', id, parent_id: parent }]);
        const rekeyed = rekeySubtree(brane.scene, id, 1_000);
        expect(rekeyed.complete).toBe(true);
        for (const { object, cell } of rekeyed.placed) before.set(object.id, cell.join());
        expect(before).toEqual(cells());
      }),
      { numRuns: 50 },
    );
  });

  it('stops after so many objects, parents before children, and says so (S2)', () => {
    const brane = new TestBrane();
    const outer = brane.group();
    const inner = brane.group(outer);
    const last = brane.block(inner);
    const part = rekeySubtree(brane.scene, outer, 2);
    expect(part.placed.map(({ object }) => object.id)).toEqual([outer, inner]);
    expect(part.complete).toBe(false);
    expect(rekeySubtree(brane.scene, outer, 3)).toMatchObject({ complete: true });
    expect(rekeySubtree(brane.scene, last, 1)).toMatchObject({ complete: true });
  });
});
