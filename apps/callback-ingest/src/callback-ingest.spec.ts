import { createHmac } from 'node:crypto';
import { asUserId, type Timers } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import { type JobDoc, type Store, StoreError } from '@state-server/persistence-port';
import {
  ConfigError,
  createService,
  loadConfig,
  realEnvironment,
  type Service,
  silentLogger,
} from '@state-server/platform';
import { decodeCbor, encodeCbor } from '@state-server/protocol';
import { createFakeEnvironment } from '@state-server/testing';
import { Webhook } from 'standardwebhooks';
import { config as schema } from './config';
import { openCallbacks } from './start';

const SECRET = `whsec_${Buffer.from('the secret of these tests, 4567').toString('base64')}`;
const OLDER = `whsec_${Buffer.from('an older secret of the tests, 8').toString('base64')}`;
const ENV = {
  NODE_ENV: 'test',
  PORT: '0',
  METRICS_PORT: '0',
  CALLBACK_SECRETS: `${SECRET}, ${OLDER}`,
};
const JOB: JobDoc = {
  id: 'job-1',
  type: 'model.preview.v1',
  user_id: asUserId('u'),
  state: 'queued',
  attempt: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
};
const REPORT = { job_id: 'job-1', attempt: 1, event: 'started', worker: 'w-1', state: 'running' };

const opened: Service[] = [];
afterEach(() => Promise.all(opened.splice(0).map((service) => service.close())));

interface Sent {
  readonly path?: string;
  readonly type?: string;
  readonly headers?: Record<string, string | undefined>;
}

async function start() {
  const fake = createFakeEnvironment({ start: Date.now() });
  const timers: Timers = realEnvironment.timers;
  const environment = { ...fake, timers };
  const config = loadConfig(schema, ENV);
  const service = createService({ config, environment, log: silentLogger(), processMetrics: false });
  opened.push(service);
  const inner = createMemoryStore({ environment });
  await inner.transact({ label: 'test' }, async (tx) => tx.put('jobs', JOB));
  const state = { away: false, transactions: 0 };
  const store: Store = {
    kind: 'memory',
    transact: (options, callback) => {
      state.transactions += 1;
      return state.away
        ? Promise.reject(new StoreError('unavailable', 'away'))
        : inner.transact(options, callback);
    },
    read: (options, callback) => inner.read(options, callback),
    check: () => inner.check(),
    close: () => inner.close(),
  };
  const { url } = await openCallbacks(service, store);
  const now = (): number => Math.floor(environment.clock.now() / 1_000);
  const sign = (body: Uint8Array, id = 'msg_1', at = now(), secret = SECRET): Record<string, string> => {
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const digest = createHmac('sha256', key).update(`${id}.${at}.`).update(body).digest('base64');
    return { 'webhook-id': id, 'webhook-timestamp': String(at), 'webhook-signature': `v1,${digest}` };
  };
  const post = async (body: Uint8Array, sent: Sent = {}) => {
    const given = Object.entries({ ...sign(body), ...sent.headers }).filter(
      ([, value]) => value !== undefined,
    );
    const answer = await fetch(`${url}${sent.path ?? '/internal/callbacks/model.preview.v1'}`, {
      method: 'POST',
      headers: {
        'content-type': sent.type ?? 'application/cbor',
        accept: 'application/cbor',
        ...(Object.fromEntries(given) as Record<string, string>),
      },
      body: Buffer.from(body),
    });
    const value = decodeCbor(new Uint8Array(await answer.arrayBuffer())) as Record<string, unknown>;
    const error = value['error'] as { readonly code: string; readonly message: string } | undefined;
    return { status: answer.status, body: value, code: error?.code, message: error?.message };
  };
  return {
    fake,
    state,
    sign,
    now,
    post,
    job: () => inner.read({ label: 'test' }, (tx) => tx.get('jobs', ['job-1'])),
  };
}

const REFUSED = { status: 401, code: 'callback.signature_invalid', message: 'The signature is not valid.' };

describe('callback-ingest', () => {
  it('takes what is signed right, in CBOR, and says so after it is durable', async () => {
    const { post, job } = await start();
    expect(await post(encodeCbor(REPORT))).toMatchObject({
      status: 200,
      body: { job_id: 'job-1', duplicate: false },
    });
    expect(await job()).toMatchObject({ state: 'running', worker: 'w-1' });
  });

  it('takes what a library of Standard Webhooks has signed', async () => {
    const { post, now } = await start();
    const body = new TextEncoder().encode(JSON.stringify(REPORT));
    const signature = new Webhook(SECRET).sign('msg_9', new Date(now() * 1_000), Buffer.from(body));
    const headers = { 'webhook-id': 'msg_9', 'webhook-signature': signature };
    expect(await post(body, { type: 'application/json', headers })).toMatchObject({ status: 200 });
  });

  it('takes what is signed with the older secret while keys are exchanged', async () => {
    const { post, sign, now } = await start();
    const body = encodeCbor(REPORT);
    expect(await post(body, { headers: sign(body, 'msg_1', now(), OLDER) })).toMatchObject({ status: 200 });
  });

  it.each([
    ['an old timestamp', -301],
    ['a timestamp to come', 302],
  ])(
    'tells whoever has signed %s that a clock is wrong, and looks at nothing (CB1)',
    async (_name, seconds) => {
      const { post, sign, now, state } = await start();
      const body = encodeCbor(REPORT);
      const answer = await post(body, { headers: sign(body, 'msg_1', now() + seconds) });
      expect(answer).toMatchObject({ status: 503, code: 'clock.skew' });
      expect(state.transactions).toBe(0);
    },
  );

  it.each<[string, (made: Awaited<ReturnType<typeof start>>, body: Uint8Array) => Sent['headers']]>([
    ['no signature', () => ({ 'webhook-signature': undefined })],
    [
      'no headers at all',
      () => ({ 'webhook-id': undefined, 'webhook-timestamp': undefined, 'webhook-signature': undefined }),
    ],
    ['a bad signature', () => ({ 'webhook-signature': `v1,${Buffer.alloc(32, 1).toString('base64')}` })],
    [
      'a foreign secret',
      ({ sign, now }, body) =>
        sign(body, 'msg_1', now(), `whsec_${Buffer.alloc(32, 'x').toString('base64')}`),
    ],
    [
      'a foreign secret and an old timestamp',
      ({ sign, now }, body) =>
        sign(body, 'msg_1', now() - 301, `whsec_${Buffer.alloc(32, 'x').toString('base64')}`),
    ],
    ['another body', ({ sign }) => sign(encodeCbor({ ...REPORT, state: 'failed' }))],
  ])('answers the same 401 to %s, and looks at nothing', async (_name, headers) => {
    const made = await start();
    const body = encodeCbor(REPORT);
    expect(await made.post(body, { headers: headers(made, body) ?? {} })).toMatchObject(REFUSED);
    expect(made.state.transactions).toBe(0);
  });

  it('asks for the signature before it looks at a body, however hostile, and after its size', async () => {
    const { post, sign } = await start();
    const hostile = Uint8Array.from([...Array<number>(200).fill(0x81), 0]);
    expect(await post(hostile, { headers: { 'webhook-signature': 'v1,x' } })).toMatchObject(REFUSED);
    expect(await post(hostile)).toMatchObject({ status: 400, code: 'body.malformed' });
    const huge = new Uint8Array(1024 * 1024 + 1);
    expect(await post(huge, { headers: { ...sign(huge), 'webhook-signature': 'v1,x' } })).toMatchObject({
      status: 413,
      code: 'body.too_large',
    });
  });

  it('refuses what is signed but not a report', async () => {
    const { post } = await start();
    expect(await post(encodeCbor({ ...REPORT, attempt: 0 }))).toMatchObject({
      status: 400,
      code: 'body.invalid',
    });
    expect(await post(new Uint8Array(0))).toMatchObject({ status: 400, code: 'body.malformed' });
    const type = 'application/json';
    expect(await post(Uint8Array.of(0xff), { type })).toMatchObject({ status: 400, code: 'body.malformed' });
  });

  it('answers 404 to a job, or a type of job, that it does not know', async () => {
    const { post } = await start();
    expect(await post(encodeCbor({ ...REPORT, job_id: 'job-2' }))).toMatchObject({
      status: 404,
      code: 'callback.job_unknown',
    });
    expect(await post(encodeCbor(REPORT), { path: '/internal/callbacks/other.v1' })).toMatchObject({
      status: 404,
      code: 'callback.job_unknown',
    });
  });

  it('answers a replay as the first time, without doing anything again', async () => {
    const { post, state } = await start();
    const body = encodeCbor(REPORT);
    await post(body);
    const { transactions } = state;
    expect(await post(body)).toMatchObject({ status: 200, body: { job_id: 'job-1', duplicate: true } });
    expect(state.transactions).toBe(transactions);
  });

  it('knows the event again under a new message id, whenever it comes', async () => {
    const { post, sign, fake, now } = await start();
    const body = encodeCbor(REPORT);
    await post(body);
    await fake.advance(24 * 60 * 60_000);
    expect(await post(body, { headers: sign(body, 'msg_2', now()) })).toMatchObject({
      status: 200,
      body: { duplicate: true },
    });
  });

  it('answers 503 and no 2xx while nothing can be made durable; the same message works then', async () => {
    const { post, state, job } = await start();
    const body = encodeCbor(REPORT);
    state.away = true;
    expect(await post(body)).toMatchObject({ status: 503, code: 'dependency.unavailable' });
    state.away = false;
    expect(await post(body)).toMatchObject({ status: 200, body: { duplicate: false } });
    expect(await job()).toMatchObject({ state: 'running' });
  });

  it('answers 409 to who comes too late', async () => {
    const { post, sign } = await start();
    const first = encodeCbor({ ...REPORT, attempt: 2 });
    await post(first);
    const late = encodeCbor({ ...REPORT, event: 'progress' });
    expect(await post(late, { headers: sign(late, 'msg_2') })).toMatchObject({
      status: 409,
      code: 'callback.superseded',
    });
  });
});

describe('the settings of callback-ingest', () => {
  const problems = (secrets: string, env: Record<string, string> = {}): readonly string[] => {
    try {
      loadConfig(schema, { ...ENV, ...env, CALLBACK_SECRETS: secrets });
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems;
      throw error;
    }
  };

  it('ask for real secrets, and never show one', () => {
    const example = schema.fields.CALLBACK_SECRETS.example ?? '';
    expect(problems(SECRET)).toEqual([]);
    expect(problems(`${SECRET},hunter2`)).toEqual([
      'CALLBACK_SECRETS must be a list of whsec_ and base64, of 24 to 64 random bytes each',
    ]);
    expect(problems(',')).toEqual(['CALLBACK_SECRETS must name at least one secret']);
    expect(problems(`whsec_${Buffer.alloc(32).toString('base64')}`)).toHaveLength(1);
    expect(problems(example)).toEqual([]);
    expect(problems(example, { NODE_ENV: 'production', TLS_AT_EDGE: 'true' })).toEqual([
      'CALLBACK_SECRETS must not be the secret of the documents in production',
    ]);
  });
});
