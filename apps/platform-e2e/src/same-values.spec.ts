import type { Client, LiveBrane } from '@state-server/client';
import { asObjectId, type ObjectId, type ValueMap } from '@state-server/domain';
import type { WireFormat } from '@state-server/protocol';
import { until } from '@state-server/testing';
import fc from 'fast-check';
import { closeClients, gatewaySocket, newBrane, signIn, userOf } from './support/platform';

const text = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((one) => !/\p{Surrogate}/u.test(one));
/** Names of properties; a map of just `$int` or `$bytes` is the JSON form of something else, and refused as a value. */
const key = text.filter((name) => name !== '' && !['__proto__', '$int', '$bytes'].includes(name));
/** Integers beyond 2^53 are the server's own: of a client they are refused. */
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((number) => !Object.is(number, -0)),
    text,
    fc.uint8Array({ maxLength: 100 }),
    fc.array(tie('value'), { maxLength: 8 }),
    fc.dictionary(key, tie('value'), { maxKeys: 8, noNullPrototype: true }),
  ),
}));
const properties = fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true }) as fc.Arbitrary<ValueMap>;
/** Without −0, which JSON writes as 0: by value they are the same. */
const transform = fc
  .array(fc.float({ noNaN: true, min: Math.fround(-1e6), max: Math.fround(1e6) }), {
    minLength: 3,
    maxLength: 3,
  })
  .map(([x = 0, y = 0, z = 0]) =>
    Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x + 0, y + 0, z + 0, 1),
  );

/** Runs of the property, shared out over the four doors. */
const RUNS = 60;

describe('a value', () => {
  afterEach(closeClients);

  it('is the same by REST and by WebSocket, in CBOR and in JSON, whichever wrote it (S5)', async () => {
    const clients: Record<WireFormat, Client> = {
      cbor: await signIn('Ada', { webSocketUrl: gatewaySocket(0), format: 'cbor' }),
      json: await signIn('Bob', { webSocketUrl: gatewaySocket(1), format: 'json' }),
    };
    const brane = await newBrane(clients.cbor);
    await clients.cbor.rest.setMember(brane, userOf(clients.json), 'editor');
    const live: Record<WireFormat, LiveBrane> = {
      cbor: await clients.cbor.join(brane),
      json: await clients.json.join(brane),
    };
    const write = {
      rest: async (format: WireFormat, fields: object): Promise<ObjectId> => {
        const made = await clients[format].rest.createObject({
          ...fields,
          brane_id: brane,
          kind: 'block',
          parent_id: asObjectId(brane),
        });
        return asObjectId(made.id);
      },
      socket: async (format: WireFormat, fields: object): Promise<ObjectId> => {
        const made = live[format].create({ ...fields, kind: 'block', parent_id: asObjectId(brane) });
        await made.saved;
        return made.id;
      },
    };
    const door = fc.constantFrom<keyof typeof write>('rest', 'socket');
    const format = fc.constantFrom<WireFormat>('cbor', 'json');
    await fc.assert(
      fc.asyncProperty(door, format, properties, transform, async (by, as, values, place) => {
        const id = await write[by](as, { properties: values, transform: place });
        for (const each of ['cbor', 'json'] as const) {
          const seen = await until(() => live[each].confirmed.get(id), { what: `${each} to see ${id}` });
          const read = await clients[each].rest.object(id);
          expect(seen.properties).toEqual(values);
          expect(read.properties).toEqual(values);
          expect(seen.transform).toEqual(place);
          expect(Float32Array.from(read.transform)).toEqual(place);
        }
      }),
      { numRuns: RUNS, seed: 5 },
    );
  });
});
