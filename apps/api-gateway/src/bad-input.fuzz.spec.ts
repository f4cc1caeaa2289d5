import { fuzzBudget } from '@state-server/testing';
import fc from 'fast-check';
import {
  type Answer,
  type Ask,
  type Caller,
  codeOf,
  startTestGateway,
  type TestGateway,
} from './gateway.spec-support';
import {
  assertDocumented,
  makeWorld,
  named,
  type Operation,
  operations,
  validatorOf,
  valueOf,
  type World,
} from './openapi.spec-support';

const budget = fuzzBudget(fc, 'apps/api-gateway/jest.config.cjs', () => expect.getState());

/** Of which a name of the world stands where the path has an id. */
type Ids = 'own' | 'deleted' | 'in deleted' | 'foreign' | 'unknown';

const IDS: Readonly<Record<string, Readonly<Record<Exclude<Ids, 'unknown' | 'in deleted'>, keyof World>>>> = {
  '/brane': { own: '$brane', deleted: '$deletedBrane', foreign: '$foreignBrane' },
  '/object': { own: '$house', deleted: '$deletedObject', foreign: '$foreignObject' },
  '/entity': { own: '$house', deleted: '$deletedObject', foreign: '$foreignObject' },
  '/prototype': { own: '$chair', deleted: '$deletedLamp', foreign: '$foreignLamp' },
  '/users': { own: '$me', deleted: '$deletedObject', foreign: '$peer' },
};

const here = operations.filter(({ path }) => Object.keys(IDS).some((area) => path.startsWith(area)));
const withBody = here.filter(({ body }) => body !== undefined);
const withId = here.filter(({ path }) => path.includes('{id}'));
const withMatch = here.filter(({ parameters }) => parameters.some(({ name }) => name === 'if-match'));

function operationOf(id: string): Operation {
  const found = here.find(({ operationId }) => operationId === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
}

/** A path with ids of this kind, as far as it has any. */
function pathFor({ path }: Operation, ids: Ids, world: World): string {
  const area = Object.keys(IDS).find((prefix) => path.startsWith(prefix)) ?? '';
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    switch (name) {
      case 'id':
        if (ids === 'unknown') return crypto.randomUUID();
        return world[ids === 'in deleted' ? '$deletedBrane' : (IDS[area]?.[ids] ?? '$me')];
      case 'user_id':
        return world.$peer;
      case 'prototype_id':
        return world.$chair;
      case 'version':
      case 'n':
        return '1';
      case 'action':
        return 'open';
      default:
        return crypto.randomUUID();
    }
  });
}

const bodyOf = ({ body }: Operation): fc.Arbitrary<unknown> =>
  body ? valueOf(body) : fc.constant(undefined);

/** One place in a value is spoilt. */
type Spoil = 'extra' | 'missing' | 'type' | 'limit';
const WRONG: readonly unknown[] = [null, 7, 'text', true, [], {}, [[]], { a: 1 }, 1.5];
const TOO_MUCH: readonly unknown[] = [
  ...['x'.repeat(5_000), -1, 1e300, Array.from({ length: 3_000 }, () => 1)],
  ...[Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`/properties/p${n}`, n]))],
];

function spoilt(value: unknown, how: Spoil, place: number, choice: number): unknown {
  const copy: unknown = structuredClone(value);
  const slots = slotsOf({ root: copy });
  const maps = slots.map(({ holder, name }) => holder[name]).filter(isMap);
  const slot = slots[place % slots.length];
  const map = maps[place % Math.max(1, maps.length)];
  const top: Record<string, unknown> = { root: copy };
  const at = slot?.holder[slot.name] === copy ? { holder: top, name: 'root' } : slot;
  if (how === 'extra' && map) map['surprise'] = choice;
  else if (how === 'missing' && at && at.holder !== top) remove(at);
  else if (at)
    at.holder[at.name] = (how === 'limit' ? TOO_MUCH : WRONG)[
      choice % (how === 'limit' ? TOO_MUCH : WRONG).length
    ];
  return top['root'];
}

function remove({ holder, name }: Slot): void {
  if (Array.isArray(holder)) holder.splice(Number(name), 1);
  else Reflect.deleteProperty(holder, name);
}

interface Slot {
  readonly holder: Record<string, unknown>;
  readonly name: string;
}

function slotsOf(holder: Record<string, unknown>): Slot[] {
  return Object.keys(holder).flatMap((name) => {
    const below = holder[name];
    const deeper =
      typeof below === 'object' && below !== null ? slotsOf(below as Record<string, unknown>) : [];
    return [{ holder, name }, ...deeper];
  });
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

describe('bad input', () => {
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
  beforeEach(async () => {
    world = await makeWorld(owner, peer);
  });

  const send = (operation: Operation, ids: Ids, body: unknown, ask: Ask = {}): Promise<Answer> => {
    const payload = operation.body ? { body: named(world, body) ?? null } : {};
    return owner.ask(operation.method, pathFor(operation, ids, world), {
      ...{ key: crypto.randomUUID(), ...payload, ...ask },
    });
  };
  const refused = (operation: Operation, answer: Answer): void => {
    assertDocumented(operation, answer);
    const said = `${operation.operationId}: ${answer.status} ${String(codeOf(answer))}`;
    expect(answer.status >= 400 ? '' : said).toBe('');
  };

  it(
    'that the document does not allow is refused: a wrong type, something missing, unknown or over its limit (REST-BAD-1)',
    async () => {
      const spoils = fc.constantFrom<Spoil>('extra', 'missing', 'type', 'limit');
      const cases = fc
        .constantFrom(...withBody)
        .chain((operation) =>
          fc.tuple(fc.constant(operation.operationId), bodyOf(operation), spoils, fc.nat(40), fc.nat(100)),
        );
      await fc.assert(
        fc.asyncProperty(cases, async ([id, good, how, place, choice]) => {
          const operation = operationOf(id);
          const body = spoilt(good, how, place, choice);
          const isAllowed = validatorOf(operation.body ?? {})(named(world, body));
          const answer = await send(operation, 'own', body);
          if (isAllowed) assertDocumented(operation, answer);
          else refused(operation, answer);
        }),
        budget.parameters(400),
      );
    },
    budget.timeoutMs,
  );

  it(
    'about what is deleted, another’s, or never was: nothing of another’s is shown (REST-BAD-2)',
    async () => {
      const cases = fc
        .constantFrom(...withId)
        .chain((operation) =>
          fc.tuple(
            fc.constant(operation.operationId),
            bodyOf(operation),
            fc.constantFrom<Ids>('deleted', 'in deleted', 'foreign', 'unknown'),
          ),
        );
      await fc.assert(
        fc.asyncProperty(cases, async ([id, body, ids]) => {
          const operation = operationOf(id);
          const answer = await send(operation, ids, body);
          // Of a user everybody may see what is public.
          const isPublic =
            ids === 'foreign' && operation.path.startsWith('/users') && operation.method === 'GET';
          if (ids === 'deleted' || ids === 'in deleted' || isPublic) assertDocumented(operation, answer);
          else refused(operation, answer);
        }),
        budget.parameters(300),
      );
    },
    budget.timeoutMs,
  );

  it(
    'about a version that has moved on is refused (REST-BAD-3)',
    async () => {
      const cases = fc
        .constantFrom(...withMatch)
        .chain((operation) =>
          fc.tuple(
            fc.constant(operation.operationId),
            bodyOf(operation),
            fc.constantFrom('"987654"', '"0"', 'W/"1"'),
          ),
        );
      await fc.assert(
        fc.asyncProperty(cases, async ([id, body, match]) => {
          const operation = operationOf(id);
          refused(operation, await send(operation, 'own', body, { headers: { 'if-match': match } }));
        }),
        budget.parameters(150),
      );
    },
    budget.timeoutMs,
  );

  it(
    'and a deletion at the same time: each is answered as documented, in whatever order they come (REST-BAD-4)',
    async () => {
      const deletions = withId.filter(
        ({ method, path }) => method === 'DELETE' && /^\/\w+\/\{id\}$/.test(path),
      );
      expect(deletions.length).toBeGreaterThan(2);
      const removed = deletions.filter(({ path }) => !path.startsWith('/users'));
      const cases = fc.constantFrom(...removed).chain((deletion) => {
        const beside = withId.filter(({ path }) => path.startsWith(deletion.path));
        return fc.tuple(
          fc.constant(deletion.operationId),
          fc.array(
            fc.constantFrom(...beside).chain((each) => fc.tuple(fc.constant(each.operationId), bodyOf(each))),
            {
              ...{ minLength: 1, maxLength: 4 },
            },
          ),
          fc.nat(4),
        );
      });
      await fc.assert(
        fc.asyncProperty(cases, async ([deletion, others, place]) => {
          world = await makeWorld(owner, peer);
          const requests: (readonly [string, unknown])[] = [...others];
          requests.splice(place, 0, [deletion, undefined]);
          const answers = await Promise.all(
            requests.map(async ([id, body]) => {
              const operation = operationOf(id);
              return [operation, await send(operation, 'own', body)] as const;
            }),
          );
          for (const [operation, answer] of answers) assertDocumented(operation, answer);
        }),
        budget.parameters(25),
      );
    },
    budget.timeoutMs,
  );
});
