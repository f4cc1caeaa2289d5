import { type ErrorCode, errorsOf, parseWith, ROUTES, type Route } from '@state-server/protocol';
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
import { anotherPayload, keyedOperations, walkKeyed, withoutSecret } from './keyed-walk.spec-support';
import { type People, routeSamples, type Sample, settle, type Things } from './route-samples.spec-support';

let gateway: TestGateway;
let people: People;
let things: Things;
let ada: Caller;
let bob: Caller;

beforeAll(async () => {
  gateway = await startTestGateway();
  ada = await gateway.user('Ada');
  bob = await gateway.user('Bob');
  await gateway.store.transact({ label: 'spec' }, async (tx) => {
    const user = await tx.get('users', [ada.id]);
    if (user) tx.put('users', { ...user, roles: ['user', 'admin'] });
  });
  people = { ada, bob };
  things = await settle(gateway, people);
});
afterAll(() => gateway.close());

const uuid = (): string => crypto.randomUUID();
const SAMPLES = routeSamples(
  () => things,
  () => people,
);
const NOT_YET = ['object.action'];

const table: Readonly<Record<string, Route>> = ROUTES;
const elsewhere = new Set(['auth', 'internal']);

function pathOf(route: Route, sample: Sample): string {
  const path = route.path.replaceAll(
    /\{(\w+)\}/g,
    (_, name: string) =>
      sample.path?.[name]?.() ?? (name === 'version' ? '1' : name === 'kind' ? 'ban' : uuid()),
  );
  const { query = '' } = sample;
  return `${path}${typeof query === 'string' ? query : query()}`;
}

async function send(
  caller: Pick<Caller, 'ask'>,
  route: Route,
  sample: Sample,
  ask: Ask = {},
): Promise<Answer> {
  const body = sample.body?.();
  return caller.ask(route.method, pathOf(route, sample), {
    ...(body === undefined ? {} : { body }),
    ...(route.idempotency === 'required' ? { key: uuid() } : {}),
    ...(sample.headers && { headers: sample.headers }),
    ...ask,
  });
}

describe('every route of the table', () => {
  const routes = Object.keys(SAMPLES).map((id) => [id, table[id]] as const);

  it('that is not of another service is asked here', () => {
    const here = Object.values(table).filter((route) => !elsewhere.has(route.area));
    expect(here.map((route) => route.id).sort()).toEqual(Object.keys(SAMPLES).sort());
  });

  it.each(routes)('%s answers as documented (REST-WIRE-2)', async (id, route) => {
    if (!route) throw new Error(`no route ${id}`);
    const sample = SAMPLES[id] ?? {};
    const answer = await send(sample.by?.() ?? ada, route, sample, {
      as: id.length % 2 === 0 ? 'cbor' : 'json',
    });
    if (NOT_YET.includes(id)) {
      expect([answer.status, codeOf(answer)]).toEqual([422, 'op.unsupported']);
      expect(errorsOf(route)).toContain('op.unsupported');
      return;
    }
    expect([answer.status, codeOf(answer)]).toEqual([route.response.status, undefined]);
    if (route.response.schema) parseWith(route.response.schema, answer.body, 'internal');
    else expect(answer.body).toBeUndefined();
    if (route.etag && route.response.schema) expect(answer.headers.get('etag')).toMatch(/^"\d+"$/);
    if (route.response.status === 201) {
      const location = answer.headers.get('location') ?? '';
      expect((await ada.ask('GET', location)).body).toEqual(withoutSecret(answer.body));
    }
  });

  const closed = routes.filter(([, route]) => route?.auth === 'bearer');

  it.each(closed)('%s asks for an access token', async (id, route) => {
    if (!route) throw new Error(`no route ${id}`);
    const answer = await send(gateway.nobody, route, SAMPLES[id] ?? {});
    expect([answer.status, codeOf(answer)]).toEqual([401, 'auth.required']);
    const headers = { authorization: 'Bearer not.a.token' };
    const forged = await send(gateway.nobody, route, SAMPLES[id] ?? {}, { headers });
    expect([forged.status, codeOf(forged)]).toEqual([401, 'auth.invalid_token']);
  });

  const withId = closed.filter(([, route]) => route?.path.includes('{id}'));

  it.each(withId)('%s says of what is not there a code that it documents', async (id, route) => {
    if (!route) throw new Error(`no route ${id}`);
    const { body } = SAMPLES[id] ?? {};
    const answer = await send(ada, route, body ? { body } : {});
    expect(answer.status).toBe(404);
    expect(errorsOf(route)).toContain(codeOf(answer) as ErrorCode);
    const bad = await ada.ask(route.method, route.path.replaceAll(/\{\w+\}/g, 'not-an-id'), {
      ...(body ? { body: body() } : {}),
      key: uuid(),
    });
    expect([bad.status, codeOf(bad)]).toEqual([400, 'query.invalid']);
  });

  it('that is not there is 404, with a method that is not there 405', async () => {
    expect(codeOf(await ada.ask('GET', '/nowhere'))).toBe('request.not_found');
    const wrong = await ada.ask('PUT', '/object');
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('what is not available yet (REST-WIRE-3)', () => {
  it('is the call of a handler', async () => {
    const id = await makeGroup(ada, await makeBrane(ada));
    const answer = await ada.ask('POST', `/object/${id}/actions/open`, { body: {}, key: uuid() });
    expect([answer.status, codeOf(answer)]).toEqual([422, 'op.unsupported']);
  });
});

describe('a move into another brane', () => {
  it('answers the object as it is there, and once for a key (OBJ-7)', async () => {
    const [here, there] = [await makeBrane(ada), await makeBrane(ada)];
    const id = await makeGroup(ada, here);
    const asked = { body: { parent_id: there, brane_id: there }, key: uuid() };
    const answers = [
      await ada.ask('POST', `/object/${id}/move`, asked),
      await ada.ask('POST', `/object/${id}/move`, asked),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ id, brane_id: there, parent_id: there, version: 2 });
    }
    expect(answers[1]?.headers.get('idempotency-replayed')).toBe('true');
  });
});

describe('every route of /object, /prototype and /users that changes something', () => {
  beforeAll(async () => {
    things = await settle(gateway, people);
  });

  const operations = keyedOperations();
  /** Others of which a brane decides who may. */
  const inBranes = ['prototype.instantiate'];

  it('asks for an Idempotency-Key, as the document says (REST-ONCE-1, REST-ONCE-7)', () => {
    expect(operations.length).toBeGreaterThan(10);
    for (const { operationId, parameters = [] } of operations) {
      const key = parameters.find(({ name }) => name === 'idempotency-key');
      expect([operationId, key?.required]).toEqual([operationId, true]);
    }
  });

  const ids = Object.keys(SAMPLES).filter((id) => operations.some(({ operationId }) => operationId === id));

  it('is walked here (REST-ONCE-7)', () => {
    expect([...ids].sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
  });

  it.each(ids)(
    '%s takes effect once for a key, answers the same in both forms, and nothing to whoever lost his right (REST-ONCE-2, REST-ONCE-3, REST-ONCE-4, REST-ONCE-7, I5)',
    async (id) => {
      const route = table[id];
      if (!route) throw new Error(`no route ${id}`);
      const sample = SAMPLES[id] ?? {};
      const [path, body] = [pathOf(route, sample), sample.body?.()];
      const { first, again } = await walkKeyed({
        ...{ route, path, body, as: sample.by?.() ?? ada },
        ...(sample.headers && { headers: sample.headers }),
        other: anotherPayload(route, { path, body }) ?? { path: pathOf(route, {}), body },
      });
      if (NOT_YET.includes(id)) {
        expect([first.status, codeOf(first)]).toEqual([422, 'op.unsupported']);
        return;
      }
      expect([route.response.status, route.accepted && 202]).toContain(first.status);
      if (route.area !== 'object' && !inBranes.includes(id)) return;
      // A group that was promoted has a brane of its own by now.
      const { brane, workshop, annex } = things;
      const branes = [brane, workshop, ...(id === 'object.promote' ? [annex] : [])];
      for (const each of branes) {
        await ada.ask('PUT', `/brane/${each}/members/${bob.id}`, { body: { role: 'owner' } });
        await bob.ask('DELETE', `/brane/${each}/members/${ada.id}`);
      }
      const refused = await again();
      expect([403, 404]).toContain(refused.status);
      expect(errorsOf(route)).toContain(codeOf(refused) as ErrorCode);
      for (const each of branes) {
        await bob.ask('PUT', `/brane/${each}/members/${ada.id}`, { body: { role: 'owner' } });
      }
      expect((await again()).headers.get('idempotency-replayed')).toBe('true');
    },
  );
});
