import { until } from '@state-server/testing';
import { closeClients, errorCode, newBrane, raw, type RawAnswer, signIn, tokenOf } from './support/platform';
import { RawSocket } from './support/raw-socket';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** Bytes that no decoder should be given. */
const HOSTILE: readonly (readonly [string, Uint8Array])[] = [
  ['a map cut off', hex('a2 61 61 01 61')],
  ['200 nested arrays', Uint8Array.from([...Array<number>(200).fill(0x81), 0x00])],
  ['a length past the body', hex('5b 00 00 00 ff ff ff ff ff')],
  ['duplicate keys', hex('a2 61 61 01 61 61 02')],
  ['a bignum', hex('a1 61 61 c2 49 01 00 00 00 00 00 00 00 00')],
  ['an unknown tag', hex('a1 61 61 d8 1b 80')],
  ['a key that is a number', hex('a1 01 02')],
  ['bad UTF-8', hex('a1 61 ff 01')],
  ['a __proto__ key', encodeProto()],
  ['nothing but rubbish', hex('ff fe fd')],
];

function encodeProto(): Uint8Array {
  return Uint8Array.from([0xa1, 0x69, ...Buffer.from('__proto__'), 0xa0]);
}

describe('bad input over REST gets the envelope and changes nothing', () => {
  afterEach(closeClients);

  async function headers(type = 'application/cbor') {
    return {
      authorization: `Bearer ${await tokenOf('Ada')}`,
      'content-type': type,
      accept: 'application/cbor',
      'idempotency-key': crypto.randomUUID(),
    };
  }

  const envelope = (answer: RawAnswer): void => {
    const { error } = answer.body as { error: Record<string, unknown> };
    const types = ['code', 'message', 'retryable'].map((field) => typeof error[field]);
    expect(types).toEqual(['string', 'string', 'boolean']);
    expect(error['request_id']).toBe(answer.headers.get('x-request-id'));
  };

  it.each(HOSTILE)('CBOR: %s', async (_name, body) => {
    const answer = await raw('POST', '/object', { headers: await headers(), body });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'body.malformed']);
    envelope(answer);
  });

  it.each([
    ['cut off', '{"a":'],
    ['a __proto__ key', '{"__proto__":{}}'],
    ['NaN', '{"a":NaN}'],
    ['200 nested arrays', `${'['.repeat(200)}${']'.repeat(200)}`],
  ])('JSON: %s', async (_name, body) => {
    const answer = await raw('POST', '/object', { headers: await headers('application/json'), body });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'body.malformed']);
  });

  it('a body over the cap, another media type, an Accept that cannot be met, an unknown route, a wrong method', async () => {
    const huge = await raw('POST', '/object', { headers: await headers(), body: new Uint8Array(3_000_000) });
    expect([huge.status, errorCode(huge)]).toEqual([413, 'body.too_large']);
    const xml = await raw('POST', '/object', { headers: await headers('text/xml'), body: '<a/>' });
    expect([xml.status, errorCode(xml)]).toEqual([415, 'body.unsupported_type']);
    const picky = await raw('GET', '/users/me', { headers: { ...(await headers()), accept: 'image/png' } });
    expect(picky.status).toBe(406);
    const nowhere = await raw('GET', '/nowhere', { headers: await headers() });
    expect([nowhere.status, errorCode(nowhere)]).toEqual([404, 'request.not_found']);
    const wrong = await raw('PATCH', '/users/me/nothing', { headers: await headers() });
    expect(wrong.status).toBe(404);
  });

  it('NaN and infinite transforms, cycles, moves into a block, unknown and foreign branes', async () => {
    const ada = await signIn('Ada');
    const id = await newBrane(ada);
    const group = await ada.rest.createObject({ brane_id: id, kind: 'group', parent_id: id });
    const inner = await ada.rest.createObject({ brane_id: id, kind: 'group', parent_id: group.id });
    const block = await ada.rest.createObject({ brane_id: id, kind: 'block', parent_id: id });
    const edit = (op: Record<string, unknown>) => ada.rest.edit(id, [op as never]);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const transform = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, bad, 0, 0, 1);
      const refusal: unknown = await edit({ op: 'transform', id: block.id, transform }).catch(
        (error: unknown) => error,
      );
      expect(['transform.not_finite', 'body.invalid']).toContain((refusal as { code: string }).code);
    }
    await expect(edit({ op: 'move', id: group.id, parent_id: inner.id })).rejects.toMatchObject({
      code: 'object.cycle',
    });
    await expect(edit({ op: 'move', id: group.id, parent_id: group.id })).rejects.toMatchObject({
      code: 'object.cycle',
    });
    await expect(edit({ op: 'move', id: group.id, parent_id: block.id })).rejects.toMatchObject({
      code: 'object.not_a_group',
    });
    const nowhere = crypto.randomUUID() as never;
    await expect(ada.rest.edit(nowhere, [{ op: 'delete', id: block.id }])).rejects.toMatchObject({
      code: 'brane.not_found',
    });
    const other = await newBrane(ada, 'another');
    await expect(ada.rest.edit(other, [{ op: 'delete', id: block.id }])).rejects.toMatchObject({
      code: 'object.not_found',
    });
    expect((await ada.rest.snapshot(id)).objects).toHaveLength(4);
  });
});

describe('forged tokens', () => {
  it('are refused, each with 401 and the reason that a client can act on', async () => {
    const token = await tokenOf('Ada');
    const [header = '', payload = '', signature = ''] = token.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const root = Buffer.from(JSON.stringify({ ...claims, sub: crypto.randomUUID() })).toString('base64url');
    const forged = [
      `${none}.${payload}.`,
      `${header}.${root}.${signature}`,
      `${header}.${payload}.AAAA`,
      'x',
      'a.b.c',
    ];
    for (const bad of forged) {
      const answer = await raw('GET', '/users/me', { headers: { authorization: `Bearer ${bad}` } });
      expect([answer.status, errorCode(answer)]).toEqual([401, 'auth.invalid_token']);
    }
    const without = await raw('GET', '/users/me');
    expect([without.status, errorCode(without)]).toEqual([401, 'auth.required']);
  });
});

describe('bad input over WebSocket gets a precise error, and the connection lives', () => {
  let socket: RawSocket;
  beforeEach(async () => {
    socket = await RawSocket.session(await tokenOf('Ada'));
  });
  afterEach(() => socket.close());

  it.each(HOSTILE)('%s', async (_name, bytes) => {
    socket.sendBytes(bytes);
    expect((await socket.next('system.error'))['code']).toBe('frame.malformed');
    expect(await socket.lives()).toBe(true);
  });

  it('an unknown type, a missing field, an edit of a brane that was not joined, an oversize frame', async () => {
    socket.send({ type: 'brane.explode', id: 'q1' });
    expect(await socket.next('system.error')).toMatchObject({
      code: 'frame.unknown_type',
      in_reply_to: 'q1',
    });
    socket.send({ type: 'brane.join', id: 'q2' });
    expect(await socket.next('system.error')).toMatchObject({ code: 'frame.invalid', in_reply_to: 'q2' });
    const id = crypto.randomUUID();
    socket.send({
      type: 'brane.edit',
      id: 'q3',
      brane_id: id,
      op_id: crypto.randomUUID(),
      client_seq: 1,
      ops: [{ op: 'delete', id }],
    });
    expect(await socket.next('system.error')).toMatchObject({ code: 'brane.not_joined', in_reply_to: 'q3' });
    socket.sendBytes(new Uint8Array(70_000));
    expect((await socket.next('system.error'))['code']).toBe('frame.too_large');
    expect(await socket.lives()).toBe(true);
  });

  it('a message over 1 MiB ends the connection with 1009', async () => {
    socket.sendBytes(new Uint8Array(1_100_000));
    const { code } = await until(() => socket.closed);
    expect(code).toBe(1009);
  });

  it('a stale if_version', async () => {
    const ada = await signIn('Ada');
    const id = await newBrane(ada);
    const brane = await ada.join(id);
    const made = brane.create({ kind: 'block', parent_id: id });
    await made.saved;
    await brane.update(made.id, { '/name': 'new' }).saved;
    socket.send({ type: 'brane.join', brane_id: id });
    await socket.next('brane.synced');
    socket.send({
      type: 'brane.edit',
      id: 'stale',
      brane_id: id,
      op_id: crypto.randomUUID(),
      client_seq: 1,
      ops: [{ op: 'update', id: made.id, set: { '/name': 'old' }, if_version: 1 }],
    });
    expect(await socket.next('system.error')).toMatchObject({
      code: 'object.version_mismatch',
      in_reply_to: 'stale',
    });
    expect(await socket.lives()).toBe(true);
    closeClients();
  });
});
