import { fuzzBudget } from '@state-server/testing';
import fc from 'fast-check';
import {
  type Answer,
  type Ask,
  type Caller,
  startTestGateway,
  type TestGateway,
} from './gateway.spec-support';
import {
  assertDocumented,
  makeWorld,
  named,
  type Operation,
  operations,
  valueOf,
  type World,
} from './openapi.spec-support';

const budget = fuzzBudget(fc, 'apps/api-gateway/jest.config.cjs', () => expect.getState());

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
  let world: World;

  beforeAll(async () => {
    const many = { points: 1_000_000, seconds: 1 };
    gateway = await startTestGateway({
      quotas: { read: many, write: many, search: many, heavy: many, upload: many, auth: many, address: many },
    });
    owner = await gateway.user('Ada');
    peer = await gateway.user('Bob');
  });
  afterAll(() => gateway.close());

  it(
    'is answered as the document says, in status, code and body; never with 5xx (REST-WIRE-1, REST-WIRE-2)',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 6 }), async (requests) => {
          world = await makeWorld(owner, peer);
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
      const text = String(named(world, value));
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
          : { body: named(world, body) }
        : { raw: typeof bytes === 'string' ? bytes : new Uint8Array(bytes) }),
    };
    const caller = { owner, peer, nobody: gateway.nobody }[by];
    return caller.ask(operation.method, query.size === 0 ? path : `${path}?${query.toString()}`, options);
  }
});
