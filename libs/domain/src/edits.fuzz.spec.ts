import { fuzzBudget } from '@state-server/testing';
import fc from 'fast-check';
import { dump, type Entry, picture, TEST_START, type TestBrane } from './brane.spec-support';
import { editOf, randomBrane, type RandomEdit, randomEdit } from './edits.spec-support';
import type { Value } from './entities';
import type { ObjectId } from './ids';
import { LIMITS } from './limits';
import { compose, IDENTITY } from './matrix';
import type { ClientOp } from './ops';
import { isOrderKey } from './order';
import { REFUSAL_CODES } from './refusal';
import { Scene } from './scene';
import { worldTransform } from './space';

const budget = fuzzBudget(fc, 'libs/domain/jest.config.cjs', () => expect.getState());

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    null,
    true,
    '',
    '\ud800',
    2n ** 63n,
    2n ** 70n,
    Number.NaN,
    Infinity,
    -0,
    new Uint8Array(3),
  ),
  fc.constantFrom<Value>({ __proto__: null, a: 1 }, { constructor: 1 }, { $int: '5' }, 'x'.repeat(40_000)),
  fc.anything({ maxDepth: 20, withBigInt: true, withTypedArray: true }) as fc.Arbitrary<Value>,
);
const pointer = fc.oneof(
  fc.constantFrom(
    '/name',
    '/properties',
    '/properties/a',
    '/properties/a/b/c',
    '/model',
    '/gallery',
    '/gallery/x',
    '/transform',
  ),
  fc.constantFrom(
    '',
    '/',
    '//',
    '/~2',
    '/__proto__/x',
    '/properties/constructor',
    '/parent_id',
    '/version',
    `/properties/${'k'.repeat(2_000)}`,
  ),
  fc.string(),
);
const matrix = fc.oneof(
  fc.constantFrom(1e-45, 1e18, 3e38, -3e38, 0).map((x) => compose({ translation: [x, 0, x] })),
  fc.constantFrom(1e30, 1e19, 1e-30, 0, -1).map((s) => IDENTITY.map((n) => n * s)),
  fc.float32Array({ minLength: 15, maxLength: 17 }),
);

/** What no good client sends; `target` and `parent` become objects of the scene. */
interface HostileOp {
  readonly kind: 'update' | 'transform' | 'move' | 'create' | 'delete' | 'unknown';
  readonly target: number;
  readonly parent: number;
  readonly set: readonly (readonly [string, Value])[];
  readonly unset: readonly string[];
  readonly matrix: Float32Array;
  readonly order: string;
  readonly version: number | undefined;
}

const hostileOp: fc.Arbitrary<HostileOp> = fc.record({
  kind: fc.constantFrom('update', 'update', 'transform', 'transform', 'move', 'create', 'delete', 'unknown'),
  target: fc.nat(40),
  parent: fc.nat(40),
  set: fc.array(fc.tuple(pointer, value), { maxLength: 4 }),
  unset: fc.array(pointer, { maxLength: 3 }),
  matrix,
  order: fc.oneof(
    fc.constantFrom('', 'a', 'A'.repeat(64), 'z'.repeat(65), 'a0', 'Zz', 'é'),
    fc.string({ maxLength: 70 }),
  ),
  version: fc.option(fc.integer({ min: -1, max: 3 }), { nil: undefined }),
});

function hostileOps(
  ops: readonly HostileOp[],
  ids: ReadonlySet<ObjectId>,
  newId: () => ObjectId,
): ClientOp[] {
  const all = [...ids, newId()];
  return ops.map((op) => {
    const id = all[op.target % all.length];
    const parent_id = all[op.parent % all.length];
    const if_version = op.version === undefined ? {} : { if_version: op.version };
    const place = { parent_id, order: op.order };
    const forms: Record<HostileOp['kind'], unknown> = {
      update: { op: 'update', id, set: Object.fromEntries(op.set), unset: op.unset, ...if_version },
      transform: { op: 'transform', id, transform: op.matrix, ...if_version },
      move: { op: 'move', id, ...place, ...if_version },
      create: {
        op: 'create',
        object: {
          kind: op.version === 1 ? 'group' : 'block',
          id: newId(),
          ...place,
          transform: op.matrix,
          properties: Object.fromEntries(op.set),
        },
      },
      delete: { op: 'delete', id, ...if_version },
      unknown: { op: 'explode', id },
    };
    return forms[op.kind] as ClientOp;
  });
}

type Step =
  | { readonly good: RandomEdit }
  | { readonly bad: readonly HostileOp[]; readonly byPeer: boolean }
  | { readonly undo: number; readonly byPeer: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ good: randomEdit }) },
  { weight: 3, arbitrary: fc.record({ bad: fc.array(hostileOp, { maxLength: 3 }), byPeer: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ undo: fc.nat(30), byPeer: fc.boolean() }) },
);

/** Somebody who starts from a copy of the scene and has only what is logged. */
class Follower {
  private readonly scene: Scene;

  constructor(private readonly brane: TestBrane) {
    this.scene = new Scene(brane.scene.meta, structuredClone([...brane.scene.objects()]));
  }

  follow({ ops, seq }: Entry, actor: TestBrane['owner']): void {
    const at = new Date(TEST_START + seq * 1_000).toISOString();
    expect(this.scene.applyAll(structuredClone(ops), { seq, at, actor }).ok).toBe(true);
  }

  assertSame(ids: Iterable<ObjectId>): void {
    expect(dump(this.scene, ids)).toEqual(dump(this.brane.scene, ids));
  }
}

describe('any edits of anybody', () => {
  it(
    'are applied or refused without a trace; what is applied can be taken back, and leaves a sound tree (DOM-1, DOM-2, L1, U1, S5, S6)',
    () => {
      const seen = { applied: 0, refused: 0, undone: 0 };
      fc.assert(
        fc.property(randomBrane, fc.array(step, { maxLength: 8 }), (parts, steps) => {
          const { brane, ids } = parts();
          const done: Entry[] = [];
          const follower = new Follower(brane);
          const keep = (entry: Entry, actor: TestBrane['owner']): Entry => {
            follower.follow(entry, actor);
            done.push(entry);
            return entry;
          };
          for (const each of steps) {
            const actor = ('good' in each ? each.good.byPeer : each.byPeer) ? brane.peer : brane.owner;
            const before = dump(brane.scene, ids);
            if ('undo' in each) {
              const entry = done[each.undo % Math.max(1, done.length)];
              if (!entry) continue;
              const result = brane.tryUndo(entry, actor);
              expect(dump(brane.scene, ids)).toEqual(before);
              if (result.ok) keep(brane.undo(entry, actor), actor);
              else expect(REFUSAL_CODES).toContain(result.refusal.code);
              seen.undone += result.ok ? 1 : 0;
            } else {
              const ops =
                'good' in each
                  ? editOf(each.good, brane.scene, ids, brane.newId)
                  : hostileOps(each.bad, ids, brane.newId);
              const result = brane.try(ops, actor);
              expect(dump(brane.scene, ids)).toEqual(before);
              seen[result.ok ? 'applied' : 'refused'] += 1;
              if (!result.ok) {
                expect(REFUSAL_CODES).toContain(result.refusal.code);
                continue;
              }
              const was = picture(brane.scene, brane.root);
              const entry = keep(brane.edit(ops, actor), actor);
              for (const op of entry.ops) if (op.op === 'create') ids.add(op.object.id);
              const back = keep(brane.undo(entry, actor), actor);
              expect(picture(brane.scene, brane.root)).toEqual(was);
              keep(brane.undo(back, actor), actor);
            }
            assertSound(brane, ids);
          }
          follower.assertSame(ids);
        }),
        budget.parameters(150),
      );
      if (seen.applied + seen.refused > 200) {
        expect(Math.min(seen.applied, seen.refused, seen.undone)).toBeGreaterThan(5);
      }
    },
    budget.timeoutMs,
  );
});

/** A tree within its limits; float32 and finite everywhere; short keys. */
function assertSound(brane: TestBrane, ids: ReadonlySet<ObjectId>): void {
  const { scene } = brane;
  for (const id of ids) {
    const object = scene.get(id);
    if (!object || scene.isDeleted(id)) continue;
    let levels = 1;
    for (let at = object; at.parent_id !== null && levels <= LIMITS.depth_levels; levels += 1) {
      const parent = scene.get(at.parent_id);
      if (!parent) throw new Error(`${at.id} hangs nowhere`);
      expect(scene.children(parent.id)).toContain(at.id);
      at = parent;
    }
    expect(levels).toBeLessThanOrEqual(LIMITS.depth_levels);
    expect(object.transform).toHaveLength(16);
    expect(object.transform.every(Number.isFinite)).toBe(true);
    expect(Array.from(worldTransform(scene, id)).every(Number.isFinite)).toBe(true);
    expect(isOrderKey(object.order) && object.order.length <= LIMITS.order_chars).toBe(true);
    expect(Array.from(object.name).length).toBeLessThanOrEqual(LIMITS.name_chars);
  }
}
