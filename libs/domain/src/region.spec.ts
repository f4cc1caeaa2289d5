import { compose } from './matrix';
import { cellsReaching, reachesInto } from './region';
import { spatialKey } from './space';

describe('a region', () => {
  const region = { min: [0, 0, 0], max: [10, 10, 10] } as const;
  const at = (x: number, y: number, z: number): Float32Array => compose({ translation: [x, y, z] });

  it('is reached by points in it, its faces included, and by spheres that touch it (SPACE-2)', () => {
    expect(reachesInto(region, at(10, 0, 5), 0)).toBe(true);
    expect(reachesInto(region, at(10.01, 0, 5), 0)).toBe(false);
    expect(reachesInto(region, at(13, 5, 5), 3)).toBe(true);
    expect(reachesInto(region, at(13, 5, 5), 2.99)).toBe(false);
    // At a corner the sphere has to come nearer than at a face.
    expect(reachesInto(region, at(12, 12, 12), 3)).toBe(false);
    expect(reachesInto(region, compose({ translation: [16, 5, 5], scale: [2, 2, 2] }), 3)).toBe(true);
  });

  it('is reached only from the cells that it names, at every level (SPACE-2)', () => {
    let seed = 1;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    for (let turn = 0; turn < 20_000; turn += 1) {
      const radius = random() < 0.3 ? 0 : 2 ** (random() * 8) - 1;
      const world = at(
        ...([random, random, random].map((next) => next() * 600 - 300) as [number, number, number]),
      );
      if (!reachesInto(region, world, radius)) continue;
      const [x, y, z, level] = spatialKey(world, radius);
      const { min, max } = cellsReaching(region, level);
      const isNamed = [x, y, z].every((cell, axis) => cell >= (min[axis] ?? 0) && cell <= (max[axis] ?? 0));
      expect({ radius, world, isNamed }).toEqual({ radius, world, isNamed: true });
    }
  });
});
