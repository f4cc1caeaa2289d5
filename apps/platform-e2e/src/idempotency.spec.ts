import { encodeCbor, encodeJson } from '@state-server/protocol';
import { closeClients, errorCode, newBrane, raw, type RawAnswer, signIn, tokenOf } from './support/platform';

const uuid = (): string => crypto.randomUUID();

describe('Idempotency-Key (I5)', () => {
  afterEach(closeClients);

  interface Post {
    readonly token: string;
    readonly key?: string;
    readonly body: Record<string, unknown>;
    readonly format?: 'cbor' | 'json';
  }

  function post(path: string, { token, key, body, format = 'cbor' }: Post): Promise<RawAnswer> {
    return raw('POST', path, {
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': `application/${format}`,
        accept: 'application/cbor',
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: format === 'cbor' ? encodeCbor(body) : encodeJson(body),
    });
  }

  async function world() {
    const owner = await signIn('Ada');
    const id = await newBrane(owner);
    const token = await tokenOf('Ada');
    return { owner, id, token, body: { brane_id: id, kind: 'block', parent_id: id, name: 'once' } };
  }

  it('is required where an object is created', async () => {
    const { token, body } = await world();
    const answer = await post('/object', { token, body });
    expect([answer.status, errorCode(answer)]).toEqual([400, 'idempotency.key_required']);
  });

  it('lets 20 twins at once have one effect and one answer', async () => {
    const { owner, id, token, body } = await world();
    const key = uuid();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post('/object', { token, key, body })),
    );
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([201]));
    expect(new Set(answers.map((answer) => (answer.body as { id: string }).id)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.headers.get('location'))).size).toBe(1);
    const replayed = answers.filter((answer) => answer.headers.get('idempotency-replayed') === 'true');
    expect(replayed).toHaveLength(19);
    expect((await owner.rest.children(id)).items).toHaveLength(1);
  });

  it('recognises a CBOR retry of a JSON request, whatever the key looks like', async () => {
    const { owner, id, token, body } = await world();
    const key = 'order-66/attempt';
    const first = await post('/object', { token, key, body, format: 'json' });
    const retry = await post('/object', { token, key, body, format: 'cbor' });
    expect([first.status, retry.status]).toEqual([201, 201]);
    expect(retry.headers.get('idempotency-replayed')).toBe('true');
    expect(retry.body).toEqual(first.body);
    expect((await owner.rest.children(id)).items).toHaveLength(1);
  });

  it('refuses the same key with another payload', async () => {
    const { token, body } = await world();
    const key = uuid();
    await post('/object', { token, key, body });
    const other = await post('/object', { token, key, body: { ...body, name: 'twice' } });
    expect([other.status, errorCode(other)]).toEqual([422, 'idempotency.key_reused']);
  });

  it('belongs to one user: another may use the same key', async () => {
    const { owner, id, token, body } = await world();
    const bob = await signIn('Bob');
    await owner.rest.setMember(id, bob.user?.id as never, 'editor');
    const key = uuid();
    const first = await post('/object', { token, key, body });
    const second = await post('/object', { token: await tokenOf('Bob'), key, body });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect((second.body as { id: string }).id).not.toBe((first.body as { id: string }).id);
  });

  it('is the op id on a brane: the same edit by REST and again is one entry (I1)', async () => {
    const { owner, id } = await world();
    const opId = uuid() as never;
    const ops = [{ op: 'create', object: { kind: 'block', parent_id: id } }] as const;
    const first = await owner.rest.edit(id, ops, opId);
    const again = await owner.rest.edit(id, ops, opId);
    expect(again.seq).toBe(first.seq);
    expect((await owner.rest.children(id)).items).toHaveLength(1);
  });
});
