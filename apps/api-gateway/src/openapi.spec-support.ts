import { encodeJson, openApiDocument } from '@state-server/protocol';
import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import {
  type Answer,
  type Caller,
  codeOf,
  makeBrane,
  makeGroup,
  makePrototype,
} from './gateway.spec-support';

export type Schema = Readonly<Record<string, unknown>>;

export interface Operation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly body: Schema | undefined;
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description: string;
        readonly content?: Readonly<Record<string, { readonly schema: Schema }>>;
      }
    >
  >;
}

/** As it stands in docs/generated/openapi.json: a check of its own keeps the two the same. */
const doc = JSON.parse(JSON.stringify(openApiDocument())) as {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<
        Record<string, Operation & { readonly requestBody?: { content: Record<string, { schema: Schema }> } }>
      >
    >
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};

/** /auth is another service's. */
export const operations: readonly Operation[] = Object.entries(doc.paths)
  .filter(([path]) => !path.startsWith('/auth'))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      ...operation,
      method: method.toUpperCase(),
      path,
      parameters: 'parameters' in operation ? operation.parameters : [],
      body: operation.requestBody?.content['application/json']?.schema,
    })),
  );

const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ $id: 'openapi', components: doc.components });
const absolute = (schema: Schema): Schema =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"openapi#/components/')) as Schema;
const validators = new Map<string, ReturnType<typeof ajv.compile>>();
export function validatorOf(schema: Schema): ReturnType<typeof ajv.compile> {
  const key = JSON.stringify(schema);
  const present = validators.get(key) ?? ajv.compile(absolute(schema));
  validators.set(key, present);
  return present;
}

/** What a name in a generated value stands for, in a world that `makeWorld` has made. */
export type World = Readonly<Record<(typeof WORLD)[number], string>>;

const WORLD = [
  '$brane',
  '$street',
  '$house',
  '$lamp',
  '$chair',
  '$peer',
  '$me',
  '$deletedBrane',
  '$deletedObject',
  '$deletedLamp',
  '$foreignBrane',
  '$foreignObject',
  '$foreignLamp',
] as const;

const NAMES = [...WORLD, '00000000-0000-4000-8000-000000000009'];
export const junk = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, -1, 1e300, [], {}, true, '\u0000', 'é'.repeat(300)),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.integer(),
);

/** Values that a schema describes, now and then with something else in place of a part. */
export function valueOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 30, arbitrary: goodValueOf(schema, depth) }, { weight: 1, arbitrary: junk });
}

function goodValueOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const reference = schema['$ref'];
  if (typeof reference === 'string')
    return goodValueOf(doc.components.schemas[reference.split('/').at(-1) ?? ''] ?? {}, depth);
  const forms = (schema['anyOf'] ?? schema['oneOf']) as readonly Schema[] | undefined;
  if (forms) return depth > 4 ? junk : fc.oneof(...forms.map((form) => valueOf(form, depth + 1)));
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as unknown[]));
  if (depth > 6) return junk;
  const type: unknown = Array.isArray(schema['type']) ? schema['type'][0] : schema['type'];
  switch (type) {
    case 'string':
      return textOf(schema);
    case 'integer':
      return fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constantFrom(-1, 2 ** 53 - 1, 1));
    case 'number':
      return fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 1, 1e300));
    case 'boolean':
      return fc.boolean();
    case 'array': {
      const { minItems = 0, maxItems = 3 } = schema as { minItems?: number; maxItems?: number };
      const length = {
        minLength: Math.min(minItems, 20),
        maxLength: Math.max(minItems, Math.min(maxItems, 16)),
      };
      return fc.array(valueOf((schema['items'] ?? {}) as Schema, depth + 1), length);
    }
    case 'object':
      return mapOf(schema, depth);
    case 'null':
      return fc.constant(null);
    default:
      return junk;
  }
}

function textOf(schema: Schema): fc.Arbitrary<string> {
  const isId =
    schema['format'] === 'uuid' || JSON.stringify(schema['pattern'] ?? '').includes('4[0-9a-f]{3}');
  const name = fc.constantFrom(...NAMES);
  return isId
    ? fc.oneof({ weight: 4, arbitrary: name }, fc.uuid({ version: 4 }))
    : fc.oneof(fc.string({ maxLength: 12 }), name, fc.constantFrom('/name', '/properties/a', 'a0'));
}

function mapOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  const properties = Object.entries((schema['properties'] ?? {}) as Readonly<Record<string, Schema>>);
  const required = (schema['required'] ?? []) as readonly string[];
  const model = Object.fromEntries(properties.map(([key, field]) => [key, valueOf(field, depth + 1)]));
  const known = fc.record(model, { requiredKeys: required.filter((key) => key in model) });
  const more = schema['additionalProperties'];
  const keys = fc.constantFrom('/name', '/properties/a', '/properties/b/c', '/x', 'a', '$int');
  const extra =
    typeof more === 'object' && more !== null
      ? fc.dictionary(keys, valueOf(more as Schema, depth + 1), { maxKeys: 3 })
      : fc.oneof({ weight: 25, arbitrary: fc.constant({}) }, fc.dictionary(keys, junk, { maxKeys: 1 }));
  return fc.tuple(known, extra).map(([fields, others]) => ({ ...fields, ...others }));
}

/** Neither 5xx nor anything that the document does not describe: status, code and body. */
export function assertDocumented(operation: Operation, answer: Answer): void {
  const said = `${operation.operationId}: ${answer.status} ${JSON.stringify(codeOf(answer))}`;
  expect(answer.status < 500 ? '' : said).toBe('');
  const response = operation.responses[String(answer.status)];
  expect(response ? '' : said).toBe('');
  if (!response) return;
  const code = codeOf(answer);
  if (answer.status >= 400) expect(response.description.includes(`\`${String(code)}\``) ? '' : said).toBe('');
  const schema = response.content?.['application/json']?.schema;
  if (!schema || answer.body === undefined) {
    expect([said, answer.body]).toEqual([said, undefined]);
    return;
  }
  const validate = validatorOf(schema);
  const isValid = validate(JSON.parse(encodeJson(answer.body)));
  expect([said, isValid ? [] : validate.errors]).toEqual([said, []]);
}

/** A brane of the owner's with two groups in it, of which the peer is a viewer; prototypes; and what is deleted or another's. */
export async function makeWorld(owner: Caller, peer: Caller): Promise<World> {
  const key = (): { readonly key: string } => ({ key: crypto.randomUUID() });
  const own = async (by: Caller) => {
    const brane = await makeBrane(by);
    const [street, house] = [
      await makeGroup(by, brane, { name: 'street' }),
      await makeGroup(by, brane, { name: 'house' }),
    ];
    return { brane, street, house, lamp: await makePrototype(by) };
  };
  const [mine, doomed, foreign] = [await own(owner), await own(owner), await own(peer)];
  const chair = await makePrototype(owner, { is_public: true });
  const nodes = [{ key: 'root', kind: 'group' }];
  await owner.ask('POST', `/prototype/${chair}/versions`, { body: { nodes }, ...key() });
  await owner.ask('PUT', `/brane/${mine.brane}/members/${peer.id}`, { body: { role: 'viewer' } });
  const gone = await makeGroup(owner, mine.brane);
  for (const path of [`/object/${gone}`, `/brane/${doomed.brane}`, `/prototype/${doomed.lamp}`]) {
    await owner.ask('DELETE', path, key());
  }
  return {
    $brane: mine.brane,
    $street: mine.street,
    $house: mine.house,
    $lamp: mine.lamp,
    $chair: chair,
    $peer: peer.id,
    $me: owner.id,
    $deletedBrane: doomed.brane,
    $deletedObject: gone,
    $deletedLamp: doomed.lamp,
    $foreignBrane: foreign.brane,
    $foreignObject: foreign.house,
    $foreignLamp: foreign.lamp,
  };
}

/** The value with the ids of that world in place of their names. */
export function named(world: World, value: unknown): unknown {
  if (typeof value === 'string') return Object.hasOwn(world, value) ? world[value as keyof World] : value;
  if (Array.isArray(value)) return value.map((item) => named(world, item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, named(world, field)]));
}
