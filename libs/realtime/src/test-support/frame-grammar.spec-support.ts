import fc from 'fast-check';
import { HELLO } from './test-world.spec-support';

const UUID = '00000000-0000-4000-8000-00000000000';
/** Names that become ids of the world: its brane, another's, one that is not there, no id at all. */
const place = fc.constantFrom('$brane', '$brane', '$brane', '$other', `${UUID}0`, 'x', 7, undefined);
const uuid = fc.constantFrom(...Array.from({ length: 6 }, (_, n) => `${UUID}${n}`));
const opId = fc.oneof({ weight: 5, arbitrary: uuid }, fc.constantFrom('x', 1, null));
const clientSeq = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 6 }) },
  fc.constantFrom(0, -1, 1.5, 2 ** 53, '1', undefined),
);
const junk = fc.oneof(fc.constantFrom(null, '', 0, -1, [], {}, true), fc.string({ maxLength: 5 }), fc.nat());
const position = fc.oneof(
  fc.record({ epoch: fc.constantFrom('$epoch', 'other'), seq: fc.constantFrom(0, 1, 2, 99) }),
  junk,
);
const correlation = fc.constantFrom(undefined, 'c', 'x'.repeat(64), 'x'.repeat(65), 5);
const deep = fc.nat(40).map((levels) => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = { a: value };
  return value;
});
const op = fc.oneof(
  fc.record({
    op: fc.constant('create'),
    object: fc.record({
      kind: fc.constantFrom('group', 'block'),
      id: uuid,
      parent_id: fc.oneof(place, uuid),
      properties: fc.oneof(fc.constant(undefined), fc.record({ a: deep }), junk),
    }),
  }),
  fc.record({
    op: fc.constant('update'),
    id: fc.oneof(place, uuid),
    set: fc.dictionary(
      fc.constantFrom('/name', '/properties/a', '/x', 'y', '/properties/$int'),
      fc.oneof(junk, deep),
    ),
  }),
  fc.record({
    op: fc.constant('move'),
    id: uuid,
    parent_id: fc.oneof(place, uuid),
    order: fc.oneof(fc.constant(undefined), junk),
  }),
  fc.record({
    op: fc.constant('transform'),
    id: uuid,
    transform: fc.constantFrom([], new Float32Array(16), Array(16).fill(1e300), 'm'),
  }),
  fc.record({ op: fc.constantFrom('delete', 'upgrade', 'instantiate', 'explode'), id: uuid }),
  junk,
);
const edit = {
  id: correlation,
  brane_id: place,
  op_id: opId,
  client_seq: clientSeq,
  again: fc.constantFrom(undefined, undefined, true, 1),
  first_sent: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, position),
};

const hello = fc.record({
  type: fc.constant('session.hello'),
  id: correlation,
  token: fc.constantFrom('$token', '$token', '$token', 'wrong', '', 5),
  client: fc.oneof(
    { weight: 5, arbitrary: fc.constant(HELLO) },
    fc.constant({ ...HELLO, protocol: 99 }),
    junk,
  ),
});
/** Every frame that a client has, mostly as it should be. */
export const frame: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 3, arbitrary: hello },
  fc.record({
    type: fc.constant('session.refresh'),
    id: correlation,
    token: fc.constantFrom('$token', 'wrong', 5),
  }),
  fc.record({
    type: fc.constant('system.ping'),
    id: correlation,
    more: fc.constantFrom(undefined, undefined, 1),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('brane.join'),
      id: correlation,
      brane_id: place,
      after: fc.oneof(fc.constant(undefined), position),
      pending: fc.oneof(fc.constant(undefined), fc.array(opId, { maxLength: 3 })),
      interest: fc.constantFrom(undefined, undefined, null, { center: [0, 0, 0], radius: 1 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('brane.edit'),
      ...edit,
      ops: fc.oneof({ weight: 5, arbitrary: fc.array(op, { maxLength: 3 }) }, junk),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('brane.undo', 'brane.redo'),
      ...edit,
      target_op_id: fc.oneof(fc.constant(undefined), opId),
    }),
  },
  fc.record({ type: fc.constant('brane.leave'), id: correlation, brane_id: place }),
  fc.record({
    type: fc.constant('brane.interest'),
    id: correlation,
    brane_id: place,
    interest: fc.oneof(fc.constant(null), junk),
  }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('presence.set'),
      id: correlation,
      brane_id: place,
      state: fc.oneof(
        fc.dictionary(fc.constantFrom('a', 'b', '$int', '$bytes'), fc.oneof(junk, deep), { maxKeys: 3 }),
        junk,
      ),
    }),
  },
  fc.record({
    type: fc.constant('action.invoke'),
    id: correlation,
    brane_id: place,
    object_id: uuid,
    action: fc.constantFrom('open', ''),
    args: fc.oneof(fc.constant({}), junk),
    op_id: opId,
  }),
  fc.record({
    type: fc.oneof(fc.constantFrom('brane.ops', 'session.welcome', 'constructor', '__proto__'), fc.string()),
  }),
  junk,
);

export type Step =
  | { readonly by: number; readonly frame: unknown }
  | { readonly by: number; readonly bytes: Uint8Array }
  | { readonly by: number; readonly text: string }
  | { readonly by: number; readonly does: 'stall' | 'drain' | 'vanish' }
  | { readonly waitMs: number };

const by = fc.nat(2);
/** A frame or rubbish from one of three clients, a slow or broken line, time. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: fc.record({ by, frame }) },
  {
    weight: 1,
    arbitrary: fc.record({
      by,
      bytes: fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(new Uint8Array(70_000))),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      by,
      text: fc.oneof(
        fc.string(),
        fc.json(),
        fc.constant(`{"type":"brane.edit","x":"${'x'.repeat(70_000)}"}`),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ by, does: fc.constantFrom('stall', 'drain', 'vanish') }) },
  { weight: 3, arbitrary: fc.record({ waitMs: fc.constantFrom(0, 25, 25, 1_000, 6_000, 45_000) }) },
);
