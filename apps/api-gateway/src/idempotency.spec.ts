import { createMemoryKv } from '@state-server/persistence-memory';
import {
  type Answer,
  type Caller,
  codeOf,
  fieldOf,
  makeBrane,
  makeGroup,
  Starter,
  startTestGateway,
  type TestGateway,
  textOf,
} from './gateway.spec-support';

let gateway: TestGateway;
const starter = new Starter();
let ada: Caller;
let bob: Caller;
let brane: string;

beforeAll(async () => {
  gateway = await startTestGateway({ around: starter.around });
  ada = await gateway.user('Ada');
  bob = await gateway.user('Bob');
  brane = await makeBrane(ada);
});
afterAll(() => gateway.close());

const block = (name: string): Record<string, unknown> => ({
  brane_id: brane,
  parent_id: brane,
  kind: 'block',
  name,
  transform: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0.5, 0, 0, 1],
});
const create = (body: unknown, key?: string, as: 'cbor' | 'json' = 'json', caller = ada): Promise<Answer> =>
  caller.ask('POST', '/object', { body, as, ...(key === undefined ? {} : { key }) });
const replayed = ({ headers }: Answer): boolean => headers.get('idempotency-replayed') === 'true';
const headOf = async (): Promise<unknown> => fieldOf((await ada.ask('GET', `/brane/${brane}`)).body, 'seq');

describe('an Idempotency-Key', () => {
  it('is required where objects and users are changed (REST-ONCE-1)', async () => {
    const answers = [
      await create(block('x')),
      await ada.ask('DELETE', `/object/${brane}`),
      await ada.ask('POST', `/object/${brane}/promote`),
      await ada.ask('PATCH', '/users/me', { body: { name: 'Ada' } }),
    ];
    for (const answer of answers) {
      expect([answer.status, codeOf(answer)]).toEqual([400, 'idempotency.key_required']);
    }
  });

  it('is refused when it is none', async () => {
    for (const key of ['x'.repeat(256), '""', 'a b']) {
      const answer = await create(block('x'), key);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'idempotency.key_invalid']);
    }
  });

  it('may be quoted, and is the same key', async () => {
    const key = crypto.randomUUID();
    const first = await create(block('quoted'), `"${key}"`);
    const second = await create(block('quoted'), key);
    expect([replayed(first), replayed(second)]).toEqual([false, true]);
  });

  it('replays status, body, Location and ETag, and says so (REST-ONCE-2)', async () => {
    const key = 'order-66';
    const first = await create(block('once'), key);
    const before = await headOf();
    const second = await create(block('once'), key);
    expect(first.status).toBe(201);
    expect([second.status, second.body]).toEqual([first.status, first.body]);
    for (const name of ['location', 'etag', 'state-seq']) {
      expect(first.headers.get(name)).not.toBeNull();
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    }
    expect([replayed(first), replayed(second)]).toEqual([false, true]);
    expect(await headOf()).toBe(before);
  });

  it('of 20 twins at once has one effect, and 20 equal answers (REST-ONCE-2, I5)', async () => {
    const before = Number(await headOf());
    for (const key of [crypto.randomUUID(), 'no-uuid']) {
      starter.expect(20);
      const answers = await Promise.all(Array.from({ length: 20 }, () => create(block(key), key)));
      const [first] = answers;
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
      for (const answer of answers) {
        expect(answer.body).toEqual(first?.body);
        expect(answer.headers.get('location')).toBe(first?.headers.get('location'));
        expect(answer.headers.get('etag')).toBe(first?.headers.get('etag'));
      }
      expect(answers.filter(replayed)).toHaveLength(19);
    }
    expect(await headOf()).toBe(before + 2);
  });

  it('of 20 twins that change, move or delete one object has one effect each (REST-ONCE-2)', async () => {
    const street = await makeGroup(ada, brane);
    const id = await makeGroup(ada, brane);
    const twins = (ask: (key: string) => Promise<Answer>): Promise<Answer[]> => {
      const key = crypto.randomUUID();
      starter.expect(20);
      return Promise.all(Array.from({ length: 20 }, () => ask(key)));
    };
    const headers = { 'if-match': '"1"' };
    const body = { set: { '/name': 'changed' } };
    const changed = await twins((key) => ada.ask('PATCH', `/object/${id}`, { key, headers, body }));
    expect(new Set(changed.map((answer) => `${answer.status} ${answer.headers.get('etag')}`))).toEqual(
      new Set(['200 "2"']),
    );
    const moved = await twins((key) =>
      ada.ask('POST', `/object/${id}/move`, { key, body: { parent_id: street } }),
    );
    expect(new Set(moved.map((answer) => `${answer.status} ${answer.headers.get('etag')}`))).toEqual(
      new Set(['200 "3"']),
    );
    const deleted = await twins((key) => ada.ask('DELETE', `/object/${id}`, { key }));
    expect(new Set(deleted.map(({ status }) => status))).toEqual(new Set([204]));
    expect(deleted.filter(replayed)).toHaveLength(19);
  });

  it('is honoured where it is not required: branes, members, names (REST-ONCE-2)', async () => {
    const twins = async (ask: (key: string) => Promise<Answer>): Promise<Answer[]> => {
      const key = crypto.randomUUID();
      starter.expect(20);
      const answers = await Promise.all(Array.from({ length: 20 }, () => ask(key)));
      expect(answers.filter(replayed)).toHaveLength(19);
      expect(new Set(answers.map(({ status }) => status)).size).toBe(1);
      for (const answer of answers) expect(answer.body).toEqual(answers[0]?.body);
      return answers;
    };
    const [made] = await twins((key) => ada.ask('POST', '/brane', { key, body: { name: 'twin' } }));
    const path = `/brane/${made ? textOf(made, 'id') : ''}`;
    await twins((key) => ada.ask('PATCH', path, { key, body: { name: 'renamed' } }));
    await twins((key) => ada.ask('PUT', `${path}/members/${bob.id}`, { key, body: { role: 'editor' } }));
    await twins((key) => bob.ask('DELETE', `${path}/members/${bob.id}`, { key }));
    await twins((key) => ada.ask('PATCH', '/users/me', { key, body: { name: 'Ada L' } }));
    await twins((key) => ada.ask('DELETE', path, { key }));
    const { version } = (await ada.ask('GET', '/users/me')).body as { version: number };
    expect(version).toBe(2);
  });

  it('takes a CBOR retry of a JSON request for the same request (REST-ONCE-3)', async () => {
    const key = crypto.randomUUID();
    const asJson = await create(block('either'), key, 'json');
    const { transform, ...rest } = block('either');
    const asCbor = await create(
      { transform: Float32Array.from(transform as number[]), ...rest },
      key,
      'cbor',
    );
    expect([asCbor.status, replayed(asCbor)]).toEqual([201, true]);
    expect(fieldOf(asCbor.body, 'id')).toBe(fieldOf(asJson.body, 'id'));
    expect(asCbor.headers.get('content-type')).toBe('application/cbor');
    expect(Array.from(fieldOf(asCbor.body, 'transform') as Float32Array)).toEqual(
      fieldOf(asJson.body, 'transform'),
    );
  });

  it('is refused for another body, path or method (REST-ONCE-3)', async () => {
    for (const key of [crypto.randomUUID(), 'mine']) {
      const id = textOf(await create(block('first'), key), 'id');
      const others = [
        await create(block('second'), key),
        await ada.ask('DELETE', `/object/${id}`, { key }),
        await ada.ask('POST', '/brane', { key, body: { name: 'x' } }),
        await ada.ask('PATCH', '/users/me', { key, body: { name: 'x' } }),
      ];
      for (const answer of others) {
        expect([answer.status, codeOf(answer)]).toEqual([422, 'idempotency.key_reused']);
      }
    }
  });

  it('of 20 racing requests with different bodies lets one through (REST-ONCE-3)', async () => {
    const key = crypto.randomUUID();
    const before = Number(await headOf());
    starter.expect(20);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => create(block(`racer ${index % 2}`), key)),
    );
    expect(await headOf()).toBe(before + 1);
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(refused.map(codeOf))).toEqual(new Set(['idempotency.key_reused']));
  });

  it('belongs to one user: another may use the same (REST-ONCE-5)', async () => {
    const key = crypto.randomUUID();
    await ada.ask('PUT', `/brane/${brane}/members/${bob.id}`, { body: { role: 'editor' } });
    const first = await create(block('ours'), key);
    const second = await create(block('ours'), key, 'json', bob);
    expect([first.status, second.status, replayed(second)]).toEqual([201, 201, false]);
    expect(fieldOf(second.body, 'id')).not.toBe(fieldOf(first.body, 'id'));
  });

  it('is worth nothing to whoever has lost the right meanwhile (REST-ONCE-4)', async () => {
    const key = crypto.randomUUID();
    const member = `/brane/${brane}/members/${bob.id}`;
    await ada.ask('PUT', member, { body: { role: 'editor' } });
    await create(block('theirs'), key, 'json', bob);
    await ada.ask('PUT', member, { body: { role: 'viewer' } });
    expect(codeOf(await create(block('theirs'), key, 'json', bob))).toBe('permission.denied');
    await ada.ask('DELETE', member);
    expect((await create(block('theirs'), key, 'json', bob)).status).toBe(404);
  });

  it('of a request that failed is free again: only 2xx is stored (REST-ONCE-5)', async () => {
    const key = crypto.randomUUID();
    const id = crypto.randomUUID();
    const edit = (): Promise<Answer> =>
      ada.ask('PATCH', `/object/${id}`, { key, body: { set: { '/name': 'now' } } });
    expect((await edit()).status).toBe(404);
    await makeGroup(ada, brane, { id });
    expect([(await edit()).status, replayed(await edit())]).toEqual([200, true]);
  });

  it('that is a UUID is the op id: the log knows it when the record of the key is gone (REST-ONCE-6, I1)', async () => {
    for (const key of [crypto.randomUUID(), 'forgotten']) {
      const first = await create(block('remembered'), key);
      await gateway.store.transact({ label: 'spec' }, async (tx) =>
        tx.delete('idempotency_keys', [ada.id, key]),
      );
      const again = await create(block('remembered'), key);
      expect([again.status, replayed(again)]).toEqual([201, true]);
      expect(again.body).toEqual(first.body);
      expect((await create(block('other'), key)).status).toBe(422);
    }
  });

  it('beside an op id: the edit is known by either (REST-ONCE-6, I1)', async () => {
    const op_id = crypto.randomUUID();
    const body = {
      op_id,
      ops: [{ op: 'create', object: { kind: 'group', parent_id: brane, name: 'by op id' } }],
    };
    const first = await ada.ask('POST', `/brane/${brane}/edit`, { body });
    const again = await ada.ask('POST', `/brane/${brane}/edit`, { body });
    expect([fieldOf(first.body, 'replayed'), fieldOf(again.body, 'replayed')]).toEqual([false, true]);
    expect(fieldOf(again.body, 'seq')).toBe(fieldOf(first.body, 'seq'));
    expect(replayed(again)).toBe(true);
    const keyed = await ada.ask('POST', `/brane/${brane}/edit`, { body, key: 'some-key' });
    expect([keyed.status, replayed(keyed)]).toEqual([200, true]);
    const other = { ...body, ops: [{ op: 'delete', id: brane }] };
    const reused = await ada.ask('POST', `/brane/${brane}/edit`, { body: other });
    expect([reused.status, codeOf(reused)]).toEqual([409, 'op_id.reused']);
  });

  it('of 20 twins at two gateways has one effect, and 20 equal answers (REST-ONCE-2, I5)', async () => {
    const kv = createMemoryKv();
    const first = await startTestGateway({ kv });
    const second = await startTestGateway({ kv, tokens: first.tokens });
    try {
      const carl = await first.user('Carl');
      const doors = [carl, carl.at(second)];
      const id = await makeBrane(carl);
      const key = crypto.randomUUID();
      const body = { brane_id: id, parent_id: id, kind: 'group', name: 'twin' };
      const ask = (index: number): Promise<Answer> =>
        (doors[index % 2] ?? carl).ask('POST', '/object', { body, key });
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ask(index)));
      for (const answer of answers) expect([answer.status, answer.body]).toEqual([201, answers[0]?.body]);
      expect(answers.filter(replayed)).toHaveLength(19);
      const rename = (index: number): Promise<Answer> =>
        (doors[index % 2] ?? carl).ask('PATCH', '/users/me', { body: { name: 'Carla' }, key: 'rename' });
      const renamed = await Promise.all(Array.from({ length: 20 }, (_, index) => rename(index)));
      for (const answer of renamed) expect(answer.headers.get('etag')).toBe('"2"');
    } finally {
      await second.close();
      await first.close();
    }
  });
});
