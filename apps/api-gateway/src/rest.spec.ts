import {
  type Answer,
  type Caller,
  codeOf,
  fieldOf,
  makeBrane,
  makeGroup,
  startTestGateway,
  type TestGateway,
  textOf,
} from './gateway.spec-support';

let gateway: TestGateway;
let ada: Caller;
let brane: string;
const key = (): string => crypto.randomUUID();

beforeAll(async () => {
  gateway = await startTestGateway();
  ada = await gateway.user('Ada');
  brane = await makeBrane(ada);
});
afterAll(() => gateway.close());

const etagOf = (answer: Answer): string => answer.headers.get('etag') ?? '';
const patch = (id: string, name: string, match?: string): Promise<Answer> =>
  ada.ask('PATCH', `/object/${id}`, {
    body: { set: { '/name': name } },
    key: key(),
    headers: match === undefined ? {} : { 'if-match': match },
  });

describe('a version (REST-VERSION-1)', () => {
  it('is told as ETag, and a write with If-Match of another one has no effect', async () => {
    const id = await makeGroup(ada, brane, { name: 'first' });
    const { headers } = await ada.ask('GET', `/object/${id}`);
    expect(headers.get('etag')).toBe('"1"');
    const changed = await patch(id, 'second', '"1"');
    expect([changed.status, etagOf(changed)]).toEqual([200, '"2"']);
    const stale = await patch(id, 'third', '"1"');
    expect([stale.status, codeOf(stale)]).toEqual([412, 'precondition.failed']);
    expect(textOf(await ada.ask('GET', `/object/${id}`), 'name')).toBe('second');
    expect((await patch(id, 'third', '"1", "2"')).status).toBe(200);
    expect((await patch(id, 'fourth', '*')).status).toBe(200);
    expect((await patch(id, 'fifth', 'W/"4"')).status).toBe(412);
  });

  it('lets one of two simultaneous writes through', async () => {
    const id = await makeGroup(ada, brane);
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map((name) => patch(id, name, '"1"')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it('is checked for branes, users, moves and deletions too', async () => {
    const id = await makeGroup(ada, brane);
    const headers = { 'if-match': '"7"' };
    const refused = [
      await ada.ask('PATCH', `/brane/${brane}`, { body: { name: 'x' }, headers }),
      await ada.ask('DELETE', `/brane/${brane}`, { headers }),
      await ada.ask('PATCH', '/users/me', { body: { name: 'x' }, key: key(), headers }),
      await ada.ask('POST', `/object/${id}/move`, { body: { parent_id: brane }, key: key(), headers }),
      await ada.ask('DELETE', `/object/${id}`, { key: key(), headers }),
    ];
    for (const answer of refused)
      expect([answer.status, codeOf(answer)]).toEqual([412, 'precondition.failed']);
  });

  it('may be named in the body as well', async () => {
    const id = await makeGroup(ada, brane);
    const body = { set: { '/name': 'x' }, if_version: 2 };
    const stale = await ada.ask('PATCH', `/object/${id}`, { body, key: key() });
    expect([stale.status, codeOf(stale)]).toEqual([412, 'object.version_mismatch']);
    const both = await ada.ask('PATCH', `/object/${id}`, {
      body: { ...body, if_version: 1 },
      key: key(),
      headers: { 'if-match': '"2"' },
    });
    expect([both.status, codeOf(both)]).toEqual([412, 'precondition.failed']);
  });
});

describe('a list (REST-LIST-1)', () => {
  async function pages(path: string, limit: number): Promise<unknown[][]> {
    const found: unknown[][] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const from: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body, status } = await ada.ask('GET', `${path}?limit=${limit}${from}`);
      expect(status).toBe(200);
      const page = body as { items: unknown[]; next_cursor: string | null };
      found.push(page.items);
      cursor = page.next_cursor;
    }
    return found;
  }

  it('comes in pages that hold everything once', async () => {
    const street = await makeGroup(ada, brane, { name: 'street' });
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) ids.push(await makeGroup(ada, brane, { parent_id: street }));
    const children = await pages(`/object/${street}/children`, 3);
    expect(children.map((page) => page.length)).toEqual([3, 3, 1]);
    expect(children.flat().map((child) => fieldOf(child, 'id'))).toEqual(ids);
    const history = await pages(`/brane/${brane}/history`, 4);
    const seqs = history.flat().map((entry) => fieldOf(entry, 'seq'));
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    for (let index = 0; index < 3; index += 1) await makeBrane(ada);
    const branes = (await pages('/brane', 2)).flat().map((item) => fieldOf(item, 'id'));
    expect(new Set(branes).size).toBe(branes.length);
    expect(branes).toContain(brane);
    expect((await pages(`/brane/${brane}/members`, 1)).flat()).toHaveLength(1);
    expect((await pages('/websocket/sessions', 1)).flat()).toMatchObject([
      { id: ada.session, current: true },
    ]);
  });

  it('holds 50 items when nothing is asked for, and never more than 200', async () => {
    const group = await makeGroup(ada, brane);
    const ops = Array.from({ length: 60 }, () => ({
      op: 'create',
      object: { kind: 'block', parent_id: group },
    }));
    await ada.ask('POST', `/brane/${brane}/edit`, { body: { op_id: key(), ops } });
    const { body } = await ada.ask('GET', `/object/${group}/children`);
    expect(fieldOf(body, 'items')).toHaveLength(50);
    for (const limit of ['0', '201', '-1', 'many', '1e2']) {
      const answer = await ada.ask('GET', `/object/${group}/children?limit=${limit}`);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'query.invalid']);
    }
  });

  it('refuses a cursor of another list, and a made-up one', async () => {
    const { body } = await ada.ask('GET', `/brane/${brane}/history?limit=1`);
    const cursor = String(fieldOf(body, 'next_cursor'));
    const other = await makeBrane(ada);
    for (const path of [`/brane/${other}/history`, '/brane', `/object/${brane}/children`]) {
      const answer = await ada.ask('GET', `${path}?cursor=${cursor}`);
      expect([answer.status, codeOf(answer)]).toEqual([400, 'cursor.invalid']);
    }
    expect(codeOf(await ada.ask('GET', '/brane?cursor=AAAA'))).toBe('cursor.invalid');
  });
});

describe('the place in the log (REST-SEQ-1, R7)', () => {
  it('is told by reads and writes, and a read after a write is never older', async () => {
    const id = await makeGroup(ada, brane);
    const written = await patch(id, 'new');
    const position = written.headers.get('state-seq') ?? '';
    expect(position).toMatch(/^.+:\d+$/);
    const reads = [
      `/object/${id}`,
      `/brane/${brane}`,
      `/object/${brane}/children`,
      `/brane/${brane}/snapshot`,
    ];
    for (const path of reads) {
      expect((await ada.ask('GET', path)).headers.get('state-seq')).toBe(position);
    }
  });
});

describe('an object that is read again and again', () => {
  it('is what it is now, in both forms, for whoever may see it at that moment (REST-SEQ-1, REST-SEE-1)', async () => {
    const own = await makeBrane(ada);
    const bob = await gateway.user('Bob');
    const id = await makeGroup(ada, own, { name: 'one' });
    const path = `/object/${id}`;
    const share = (): Promise<Answer> =>
      ada.ask('PUT', `/brane/${own}/members/${bob.id}`, { body: { role: 'viewer' } });
    for (const name of ['two', 'three']) {
      expect((await share()).status).toBeLessThan(300);
      const { headers } = await patch(id, name);
      for (const as of ['json', 'cbor', 'json', 'cbor'] as const) {
        const answer = await bob.ask('GET', path, { as });
        expect([answer.status, textOf(answer, 'name')]).toEqual([200, name]);
        expect(answer.headers.get('content-type')).toBe(`application/${as}`);
        expect(etagOf(answer)).toBe(headers.get('etag'));
      }
      expect((await ada.ask('DELETE', `/brane/${own}/members/${bob.id}`)).status).toBeLessThan(300);
      expect(codeOf(await bob.ask('GET', path))).toBe('object.not_found');
    }
    expect((await ada.ask('DELETE', path, { key: key() })).status).toBeLessThan(300);
    expect(codeOf(await ada.ask('GET', path))).toBe('object.not_found');
  });
});

describe('a snapshot (REST-SNAPSHOT-1)', () => {
  it('is one state in CBOR and in JSON, parents first, with the place it stands at', async () => {
    const id = await makeBrane(ada);
    const street = await makeGroup(ada, id, { name: 'street' });
    await makeGroup(ada, id, {
      name: 'house',
      parent_id: street,
      transform: Float32Array.from([2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]),
    });
    const asJson = await ada.ask('GET', `/brane/${id}/snapshot`);
    const asCbor = await ada.ask('GET', `/brane/${id}/snapshot`, { as: 'cbor' });
    expect(asCbor.headers.get('content-type')).toBe('application/cbor');
    expect(asJson.body).toMatchObject({
      brane_id: id,
      seq: 3,
      meta: { name: 'town', visibility: 'private' },
    });
    const objects = fieldOf(asJson.body, 'objects') as {
      id: string;
      name: string;
      parent_id: string | null;
    }[];
    expect(objects.map(({ name }) => name)).toEqual(['town', 'street', 'house']);
    const plain = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (_, field: unknown) => (field instanceof Float32Array ? [...field] : field)),
      );
    expect(plain(asCbor.body)).toEqual(asJson.body);
  });
});

describe('input is taken or refused in the envelope (REST-WIRE-1):', () => {
  const create = (fields: Record<string, unknown>): Promise<Answer> =>
    ada.ask('POST', '/object', {
      body: { brane_id: brane, parent_id: brane, kind: 'block', ...fields },
      key: key(),
    });

  it.each([
    ['an unknown field', { colour: 'red' }, 400, 'body.invalid'],
    ['a kind that there is not', { kind: 'sphere' }, 400, 'body.invalid'],
    ['an id in upper case', { id: crypto.randomUUID().toUpperCase() }, 400, 'body.invalid'],
    ['a parent that is not there', { parent_id: crypto.randomUUID() }, 404, 'object.not_found'],
    ['a brane that is not there', { brane_id: crypto.randomUUID() }, 404, 'brane.not_found'],
    ['a transform of 15 numbers', { transform: Array<number>(15).fill(0) }, 400, 'body.invalid'],
    ['a transform beyond float32', { transform: Array<number>(16).fill(1e300) }, 422, 'transform.not_finite'],
    ['a model on a group', { kind: 'group', model: null }, 400, 'body.invalid'],
    ['a reserved key, though not alone', { properties: { a: { $int: '1', b: 1 } } }, 400, 'body.invalid'],
  ])('%s', async (_what, fields, status, code) => {
    const answer = await create(fields);
    expect([answer.status, codeOf(answer)]).toEqual([status, code]);
    if (status < 300) return;
    expect(answer.body).toEqual({
      error: expect.objectContaining({
        code,
        message: expect.any(String) as unknown,
        request_id: answer.headers.get('x-request-id'),
        retryable: false,
      }) as unknown,
    });
  });

  it('a body that is none, or not in CBOR or JSON', async () => {
    const post = (raw: string, type: string): Promise<Answer> =>
      ada.ask('POST', '/object', { raw, key: key(), headers: { 'content-type': type } });
    expect(codeOf(await post('{"a":', 'application/json'))).toBe('body.malformed');
    expect(codeOf(await post('{"a":1,"a":2}', 'application/json'))).toBe('body.malformed');
    expect(codeOf(await post('<a/>', 'application/xml'))).toBe('body.unsupported_type');
    expect(codeOf(await post('', 'application/json'))).toBe('body.invalid');
    expect((await post(`"${'x'.repeat(300_000)}"`, 'application/json')).status).toBe(413);
    const picky = await ada.ask('GET', `/brane/${brane}`, { headers: { accept: 'image/png' } });
    expect([picky.status, codeOf(picky)]).toEqual([406, 'request.not_acceptable']);
  });

  it('bytes come back as they went, in both forms (S5)', async () => {
    const raw = `{"brane_id":"${brane}","parent_id":"${brane}","kind":"block","properties":{"b":{"$bytes":"AQID"}}}`;
    const made = await ada.ask('POST', '/object', {
      raw,
      key: key(),
      headers: { 'content-type': 'application/json' },
    });
    const id = textOf(made, 'id');
    const asCbor = await ada.ask('GET', `/object/${id}`, { as: 'cbor' });
    expect(fieldOf(fieldOf(asCbor.body, 'properties'), 'b')).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('an edit and its undo over REST', () => {
  it('are the same as over the WebSocket', async () => {
    const id = await makeGroup(ada, brane, { name: 'before' });
    const op_id = key();
    const ops = [{ op: 'update', id, set: { '/name': 'after' }, unset: [] }];
    const edited = await ada.ask('POST', `/brane/${brane}/edit`, { body: { op_id, ops }, as: 'cbor' });
    expect(edited.body).toMatchObject({
      brane_id: brane,
      op_id,
      ops: [{ op: 'update', id, version: 2 }],
      replayed: false,
    });
    const undone = await ada.ask('POST', `/brane/${brane}/undo`, {
      body: { op_id: key(), target_op_id: op_id },
    });
    expect(undone.status).toBe(200);
    expect(textOf(await ada.ask('GET', `/object/${id}`), 'name')).toBe('before');
    const again = await ada.ask('POST', `/brane/${brane}/undo`, {
      body: { op_id: key(), target_op_id: op_id },
    });
    expect(again.status).toBe(409);
    const redone = await ada.ask('POST', `/brane/${brane}/redo`, { body: { op_id: key() } });
    expect(redone.status).toBe(200);
    expect(textOf(await ada.ask('GET', `/object/${id}`), 'name')).toBe('after');
    const { body } = await ada.ask(
      'GET',
      `/brane/${brane}/history?after=${Number(fieldOf(edited.body, 'seq')) - 1}`,
    );
    expect(fieldOf(body, 'items')).toMatchObject([{ kind: 'edit' }, { kind: 'undo' }, { kind: 'redo' }]);
  });
});
