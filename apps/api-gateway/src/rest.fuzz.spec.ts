import { encodeJson, openApiDocument } from '@state-server/protocol';
import { fuzzBudget } from '@state-server/testing';
import Ajv2020 from 'ajv/dist/2020';
import fc from 'fast-check';
import {
  type Answer,
  type Ask,
  type Caller,
  codeOf,
  makeBrane,
  makeGroup,
  startTestGateway,
  type TestGateway,
} from './gateway.spec-support';

const budget = fuzzBudget(fc, 'apps/api-gateway/jest.config.cjs', () => expect.getState());

type Schema = Readonly<Record<string, unknown>>;

interface Operation {
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
const operations: readonly Operation[] = Object.entries(doc.paths)
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
function validatorOf(schema: Schema): ReturnType<typeof ajv.compile> {
  const key = JSON.stringify(schema);
  const present = validators.get(key) ?? ajv.compile(absolute(schema));
  validators.set(key, present);
  return present;
}

const NAMES = ['$brane', '$street', '$house', '$peer', '$me', '00000000-0000-4000-8000-000000000009'];
const junk = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, -1, 1e300, [], {}, true, '\u0000', 'é'.repeat(300)),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.integer(),
);

/** Values that a schema describes, now and then with something else in place of a part. */
function valueOf(schema: Schema, depth = 0): fc.Arbitrary<unknown> {
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

interface Request {
  readonly operationId: string;
  readonly values: readonly unknown[];
  readonly body: unknown;
  readonly as: 'cbor' | 'json';
  readonly key: 'none' | 'fresh' | 'used' | 'bad';
  readonly odd: Readonly<Record<string, string>>;
  readonly raw: Uint8Array | string | undefined;
  readonly by: 'owner' | 'peer' | 'nobody';
}

const odd = fc.oneof(
  { weight: 12, arbitrary: fc.constant({}) },
  fc.constantFrom<Record<string, string>>(
    { accept: 'text/html' },
    { accept: '*/*;q=0.1' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json; charset=latin1' },
    { 'if-match': '"1"' },
    { 'if-match': 'nonsense' },
    { 'state-seq': 'x' },
    { authorization: 'Bearer x' },
    { 'content-encoding': 'gzip' },
  ),
);
const raw = fc.oneof(
  { weight: 12, arbitrary: fc.constant(undefined) },
  fc.json(),
  fc.uint8Array({ maxLength: 30 }),
  fc.constantFrom('{', '{"a":1,"a":2}', '[]', '""'),
);

const request: fc.Arbitrary<Request> = fc.constantFrom(...operations).chain((operation) =>
  fc.record({
    operationId: fc.constant(operation.operationId),
    values: fc.tuple(
      ...operation.parameters.map(({ schema, required }) =>
        required ? valueOf(schema) : fc.option(valueOf(schema), { nil: undefined }),
      ),
    ),
    body: operation.body ? valueOf(operation.body) : fc.constant(undefined),
    as: fc.constantFrom('cbor' as const, 'json' as const),
    key: fc.constantFrom(
      'none' as const,
      'fresh' as const,
      'fresh' as const,
      'used' as const,
      'bad' as const,
    ),
    odd,
    raw: operation.body ? raw : fc.constant(undefined),
    by: fc.constantFrom(
      'owner' as const,
      'owner' as const,
      'owner' as const,
      'peer' as const,
      'nobody' as const,
    ),
  }),
);

function operationOf({ operationId }: Request): Operation {
  const found = operations.find((operation) => operation.operationId === operationId);
  if (!found) throw new Error(`no operation ${operationId}`);
  return found;
}

describe('any request', () => {
  let gateway: TestGateway;
  let owner: Caller;
  let peer: Caller;
  let names: Record<string, string>;

  beforeAll(async () => {
    const many = { points: 1_000_000, seconds: 1 };
    gateway = await startTestGateway({
      quotas: { read: many, write: many, auth: many, address: many },
    });
    owner = await gateway.user('Ada');
    peer = await gateway.user('Bob');
  });
  afterAll(() => gateway.close());

  const renew = async (): Promise<void> => {
    const brane = await makeBrane(owner);
    const street = await makeGroup(owner, brane, { name: 'street' });
    const house = await makeGroup(owner, brane, { name: 'house' });
    await owner.ask('PUT', `/brane/${brane}/members/${peer.id}`, { body: { role: 'viewer' } });
    names = { $brane: brane, $street: street, $house: house, $peer: peer.id, $me: owner.id };
  };

  it(
    'is answered as the document says, in status, code and body; never with 5xx (REST-WIRE-1, REST-WIRE-2)',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 6 }), async (requests) => {
          await renew();
          for (const each of requests) {
            const answer = await ask(each);
            assertDocumented(operationOf(each), answer);
          }
        }),
        budget.parameters(60),
      );
    },
    budget.timeoutMs,
  );

  async function ask(request: Request): Promise<Answer> {
    const { values, body, as, key, odd: headers, raw: bytes, by } = request;
    const operation = operationOf(request);
    let path = operation.path;
    const query = new URLSearchParams();
    const sent: Record<string, string> = { ...headers };
    operation.parameters.forEach(({ name, in: where }, index) => {
      const value = values[index];
      if (value === undefined) return;
      const text = String(named(value));
      if (where === 'path') path = path.replace(`{${name}}`, encodeURIComponent(text) || '-');
      else if (where === 'query') query.append(name, text);
      else if (name !== 'idempotency-key' && /^[\x21-\x7e]+$/.test(text)) sent[name] ??= text;
    });
    const keys = { none: undefined, fresh: crypto.randomUUID(), used: 'the same', bad: 'x'.repeat(300) };
    const idempotencyKey = keys[key];
    const options: Ask = {
      as,
      headers: sent,
      ...(idempotencyKey === undefined ? {} : { key: idempotencyKey }),
      ...(bytes === undefined
        ? body === undefined
          ? {}
          : { body: named(body) }
        : { raw: typeof bytes === 'string' ? bytes : new Uint8Array(bytes) }),
    };
    const caller = { owner, peer, nobody: gateway.nobody }[by];
    return caller.ask(operation.method, query.size === 0 ? path : `${path}?${query.toString()}`, options);
  }

  function named(value: unknown): unknown {
    if (typeof value === 'string') return names[value] ?? value;
    if (Array.isArray(value)) return value.map(named);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, named(field)]));
  }
});

function assertDocumented(operation: Operation, answer: Answer): void {
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
