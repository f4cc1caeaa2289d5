import { createMemoryHub } from '@state-server/messaging-memory';
import { createMemoryStore } from '@state-server/persistence-memory';
import { createInternalSigner, INTERNAL_HEADER, realEnvironment } from '@state-server/platform';
import { startTestGateway, type TestGateway } from './sync-gateway.spec-support';

const SECRET = 'kV3x9sLq72pTzWm4Yh8RbN6cJd1GfE5a';
const { clock } = realEnvironment;
const sign = createInternalSigner({ secrets: () => [SECRET], from: 'api-gateway', clock });
const headersFor = (audience: string): Record<string, string> => ({
  [INTERNAL_HEADER]: String(sign(audience)),
});

let gateway: TestGateway;
afterEach(() => gateway.close());

function start(env: Record<string, string>): Promise<TestGateway> {
  const store = createMemoryStore({ environment: realEnvironment });
  return startTestGateway({ store, bus: createMemoryHub().connect(), env });
}

describe('upgrades that pass api-gateway by (INT-3)', () => {
  it('are refused where that is asked for', async () => {
    gateway = await start({ INTERNAL_SECRETS: SECRET, REQUIRE_INTERNAL: 'true' });
    await expect(gateway.dial()).rejects.toThrow('refused with 403');
    await expect(gateway.dial({ headers: headersFor('auth') })).rejects.toThrow('refused with 403');
    expect(await gateway.dial({ headers: headersFor('sync-gateway') })).toBeDefined();
    expect((await fetch(`${gateway.http.url}/health/live`)).status).toBe(200);
  });

  it('get in in development', async () => {
    gateway = await start({ INTERNAL_SECRETS: SECRET });
    expect(await gateway.dial()).toBeDefined();
  });
});
