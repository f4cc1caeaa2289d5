import { createFakeEnvironment } from '@state-server/testing';
import { createClient } from './client';
import { SeenPlaces } from './seen-places';

describe('what was seen', () => {
  it('is said of the latest places, each at its newest (R7, SDK-16)', () => {
    const seen = new SeenPlaces();
    expect(seen.headers()).toEqual({});
    for (let brane = 1; brane <= 17; brane += 1) seen.see({ epoch: `e${brane}`, seq: brane });
    seen.see({ epoch: 'e2', seq: 9 });
    seen.see({ epoch: 'e2', seq: 4 });
    const places = seen.headers()['state-seq']?.split(',') ?? [];
    expect(places).toHaveLength(16);
    expect(places).not.toContain('e1:1');
    expect(places.at(-1)).toBe('e2:9');
  });

  it('goes with every read, and comes from every answer (R7, SDK-16)', async () => {
    const requests: { method: string; stateSeq: string | null }[] = [];
    const token = { access_token: 'a', refresh_token: 'r', expires_in: 900, user: { id: 'u', name: 'Ada' } };
    const client = createClient({
      origin: 'http://127.0.0.1:1',
      environment: createFakeEnvironment(),
      WebSocket: jest.fn() as never,
      fetch: (_url, init = {}) => {
        const headers = new Headers(init.headers);
        requests.push({ method: init.method ?? 'GET', stateSeq: headers.get('state-seq') });
        return Promise.resolve(
          new Response('{}', {
            headers: { 'content-type': 'application/json', 'state-seq': `e:${requests.length}` },
          }),
        );
      },
    });
    client.useTokens(token);
    await client.request({ method: 'GET', path: '/object/1' });
    await client.request({ method: 'PATCH', path: '/object/1', body: {} });
    await client.request({ method: 'GET', path: '/object/1' });
    expect(requests).toEqual([
      { method: 'GET', stateSeq: null },
      { method: 'PATCH', stateSeq: null },
      { method: 'GET', stateSeq: 'e:2' },
    ]);
    client.close();
  });
});
