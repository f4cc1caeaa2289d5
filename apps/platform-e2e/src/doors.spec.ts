import { encodeCbor } from '@state-server/protocol';
import { Webhook } from 'standardwebhooks';
import { origin, raw, service } from './support/platform';

describe('the one origin', () => {
  it('tells a person where he is, and shows the documents', async () => {
    const page = await raw('GET', '/', { headers: { accept: 'text/html' } });
    expect(page.status).toBe(200);
    expect(page.body).toContain('/docs');
    const openApi = await raw('GET', '/docs/openapi.json');
    expect(openApi.body).toMatchObject({ openapi: '3.1.0' });
    const asyncApi = await raw('GET', '/docs/asyncapi.json');
    expect((asyncApi.body as { asyncapi: string }).asyncapi).toMatch(/^3\./);
  });

  it('hides the internal callbacks', async () => {
    expect((await raw('POST', '/internal/callbacks/model.preview.v1')).status).toBe(404);
  });

  it.each(['api-gateway', 'auth', 'callback-ingest', 'jobs-runner', 'sync-gateway-1', 'sync-gateway-2'])(
    '%s is live and ready',
    async (name) => {
      const { url } = service(name);
      for (const probe of ['live', 'ready', 'startup']) {
        const answer = await fetch(`${url}/health/${probe}`, { signal: AbortSignal.timeout(5_000) });
        expect([name, probe, answer.status]).toEqual([name, probe, 200]);
      }
    },
  );

  it('is where every link of its pages leads', () => {
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });
});

describe('callback-ingest', () => {
  const post = (headers: Record<string, string>, body: Uint8Array) =>
    fetch(`${service('callback-ingest').url}/internal/callbacks/model.preview.v1`, {
      method: 'POST',
      headers: { 'content-type': 'application/cbor', ...headers },
      body: body as BodyInit,
      signal: AbortSignal.timeout(5_000),
    });
  const body = encodeCbor({ job_id: crypto.randomUUID(), attempt: 1, event: 'finished', worker: 'w1' });

  it('answers 401 to what is not signed, or signed with another secret', async () => {
    expect((await post({}, body)).status).toBe(401);
    const secret = `whsec_${Buffer.from('not the secret of this system, no').toString('base64')}`;
    const now = new Date();
    const signed = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
      'webhook-signature': new Webhook(secret).sign('msg_1', now, Buffer.from(body).toString('latin1')),
    };
    expect((await post(signed, body)).status).toBe(401);
  });
});
