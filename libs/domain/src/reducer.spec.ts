import fc from 'fast-check';
import { codeOf, dump } from './brane.spec-support';
import type { Group, SceneObject } from './entities';
import { randomBrane } from './edits.spec-support';
import { asBraneId, asObjectId, asUserId } from './ids';
import { IDENTITY } from './matrix';
import type { Op, OpContext } from './ops';
import { compareSiblings, isOrderKey, ORDER_MAX } from './order';
import { REFUSAL_CODES } from './refusal';
import { newMeta } from './brane';
import { Scene } from './scene';
import { WorkingCopy } from './working-copy';

describe('the reducer on anything', () => {
  const names = Array.from({ length: 8 }, (_, index) =>
    asObjectId(`00000000-0000-4000-8000-00000000000${index}`),
  );
  const [root = asObjectId('')] = names;
  const id = fc.constantFrom(...names);
  const actor = asUserId('u');
  const context: OpContext = { seq: 9, at: '2026-01-02T00:00:00.000Z', actor };
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('/name', '/properties', '/properties/a/b', '/__proto__/x', '/model'),
  );
  const version = fc.integer({ min: 1, max: 2 });
  const transform = fc.oneof(fc.constant(IDENTITY), fc.float32Array({ minLength: 15, maxLength: 17 }));

  const object: fc.Arbitrary<SceneObject> = fc
    .record({
      id,
      parent_id: fc.oneof(
        { weight: 3, arbitrary: fc.constant(root) },
        { weight: 4, arbitrary: id },
        fc.constant(null),
      ),
      order: fc.string({ maxLength: 3 }),
      properties: fc.dictionary(fc.string({ maxLength: 2 }), fc.integer(), { maxKeys: 2 }),
      version,
      kind: fc.constantFrom('group' as const, 'group' as const, 'block' as const),
      deleted: fc.nat(5).map((n) => n === 0),
      link: fc.nat(5).map((n) => n === 0),
      isBrane: fc.boolean(),
    })
    .map(({ kind, deleted, link, isBrane, ...rest }): SceneObject => {
      const base = {
        ...rest,
        brane_id: asBraneId(root),
        name: '',
        transform: IDENTITY,
        prototype: null,
        seq: 1,
        created_at: '',
        updated_at: '',
        created_by: actor,
        updated_by: actor,
        ...(deleted ? { deleted_at: 'then' } : {}),
      };
      if (kind === 'block') return { ...base, kind, model: null };
      const group: Group = { ...base, kind, is_brane: isBrane, gallery: {} };
      return link ? { ...group, link: asBraneId(root) } : group;
    });

  /** Mostly a tree with a root, sometimes anything: orphans, circles, no root at all. */
  const objects = fc
    .tuple(fc.nat(4), object, fc.uniqueArray(object, { selector: (o) => o.id, minLength: 3 }))
    .map(([luck, top, others]) => {
      if (luck === 0) return others;
      const rest = others.filter((other) => other.id !== root && other.parent_id !== null);
      const { deleted_at: _, ...base } = { ...top, id: root, parent_id: null, is_brane: true };
      return [{ ...base, kind: 'group', gallery: {} } as unknown as SceneObject, ...rest];
    });

  const op = fc.oneof(
    fc.record({ op: fc.constant('create'), object }),
    fc.record({
      op: fc.constant('update'),
      id,
      version,
      set: fc.dictionary(text, fc.anything(), { maxKeys: 2 }),
      unset: fc.array(text, { maxLength: 2 }),
    }),
    fc.record({ op: fc.constant('transform'), id, version, transform }),
    fc.record({ op: fc.constant('move'), id, version, parent_id: id, order: fc.string({ maxLength: 3 }) }),
    fc.record({ op: fc.constantFrom('delete', 'undelete'), id, version }),
    fc.record({
      op: fc.constant('reorder'),
      parent_id: id,
      orders: fc.dictionary(id, fc.string(), { maxKeys: 3 }),
    }),
    fc.record({ op: fc.constant('reap'), ids: fc.array(id, { maxLength: 8 }) }),
    fc.record({ op: fc.constant('set_member'), user_id: fc.string(), role: fc.constantFrom('owner', null) }),
    fc.record({
      op: fc.constant('set_status'),
      status: fc.constantFrom('live', 'deleted', 'purging', 'purged'),
    }),
    fc.record({ op: fc.string() }),
  ) as unknown as fc.Arbitrary<Op>;

  const meta = newMeta({ id: asBraneId(root), name: '', visibility: 'private', owner: actor, at: '' });

  it('applies an op or refuses it with a code; never throws, never stops halfway; the same for everybody (DOM-1)', () => {
    const codes = new Set<string>();
    fc.assert(
      fc.property(objects, fc.array(op, { maxLength: 5 }), (objects, ops) => {
        const scene = new Scene(meta, objects);
        const twin = new Scene(meta, objects.toReversed());
        const copy = new WorkingCopy(new Scene(meta, objects));
        for (const next of ops) {
          const before = dump(scene, names);
          const result = scene.apply(next, context);
          codes.add(codeOf(result) ?? 'applied');
          if (!result.ok) {
            expect(REFUSAL_CODES).toContain(result.refusal.code);
            expect(dump(scene, names)).toEqual(before);
          }
          expect(twin.apply(next, context)).toEqual(result);
          expect(copy.apply(next, context)).toEqual(result);
          expect(dump(twin, names)).toEqual(dump(scene, names));
          expect(dump(copy, names)).toEqual(dump(scene, names));
          expect(dump(new Scene(scene.meta, scene.objects()), names)).toEqual(dump(scene, names));
        }
      }),
      { numRuns: 1_000 },
    );
    expect([...codes].sort()).toEqual(
      expect.arrayContaining(['applied', 'field.invalid', 'object.cycle', 'object.is_root', 'op.invalid']),
    );
  });

  it('keeps a tree a tree: whoever is live hangs below the root, in order, without a circle (DOM-2)', () => {
    fc.assert(
      fc.property(randomBrane, (parts) => {
        const { brane, ids } = parts();
        for (const any of ids) {
          const { scene } = brane;
          if (scene.isDeleted(any)) continue;
          const found = brane.get(any);
          const siblings = found.parent_id === null ? [any] : scene.children(found.parent_id);
          expect(siblings.filter((sibling) => sibling === any)).toHaveLength(1);
          const listed = siblings.map((sibling) => brane.get(sibling));
          expect([...listed].sort(compareSiblings)).toEqual(listed);
          expect(isOrderKey(found.order) && found.order.length <= ORDER_MAX).toBe(true);
        }
      }),
    );
  });
});
