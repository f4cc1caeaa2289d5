import { createFakeEnvironment } from '@state-server/testing';
import { createWhatRuns } from './what-runs';

describe('what runs behind the origin', () => {
  const neighbours = [
    { name: 'auth', url: 'http://a' },
    { name: 'sync-gateway 1', url: 'http://b' },
    { name: 'sync-gateway 2', url: 'http://c' },
  ];

  it('tells who answers, who answers badly and who does not answer', async () => {
    const { clock } = createFakeEnvironment();
    const whatRuns = createWhatRuns(neighbours, clock, (url) => {
      if (url === 'http://a/health/live') return Promise.resolve(new Response('{}'));
      if (url === 'http://b/health/live') return Promise.resolve(new Response('{}', { status: 503 }));
      return Promise.reject(new TypeError('connection refused'));
    });
    expect(await whatRuns()).toEqual([
      { name: 'auth', status: 'ok' },
      { name: 'sync-gateway 1', status: 'unavailable' },
      { name: 'sync-gateway 2', status: 'unavailable' },
    ]);
  });

  it('looks once for all who ask within two seconds', async () => {
    const environment = createFakeEnvironment();
    let looks = 0;
    const whatRuns = createWhatRuns(neighbours.slice(0, 1), environment.clock, () => {
      looks += 1;
      return Promise.resolve(new Response('{}'));
    });
    await Promise.all([whatRuns(), whatRuns()]);
    await environment.advance(1_999);
    await whatRuns();
    expect(looks).toBe(1);
    await environment.advance(1);
    await whatRuns();
    expect(looks).toBe(2);
  });
});
