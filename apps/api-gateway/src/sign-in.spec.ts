import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startTestGateway } from './gateway.spec-support';

describe('a sign-in with a provider, through the one origin', () => {
  it('sends a browser on as auth says, with its cookie, and nobody keeps or tells it (OAUTH-9)', async () => {
    const auth = createServer(({ headers }, response) => {
      response.writeHead(303, {
        location: `https://client.test/signed-in?cookie=${headers.cookie}`,
        'set-cookie': '__Host-sign-in=s; Path=/; HttpOnly; SameSite=Lax; Secure',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      });
      response.end();
    }).listen(0, '127.0.0.1');
    await once(auth, 'listening');
    const AUTH_URL = `http://127.0.0.1:${(auth.address() as AddressInfo).port}`;
    const gateway = await startTestGateway({ env: { AUTH_URL } });
    try {
      const answer = await fetch(`${gateway.http.url}/auth/google/callback?code=c&state=s`, {
        headers: { accept: 'text/html', cookie: '__Host-sign-in=s' },
        redirect: 'manual',
      });
      expect([answer.status, answer.headers.get('location')]).toEqual([
        303,
        'https://client.test/signed-in?cookie=__Host-sign-in=s',
      ]);
      expect(answer.headers.getSetCookie()).toEqual([
        '__Host-sign-in=s; Path=/; HttpOnly; SameSite=Lax; Secure',
      ]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    } finally {
      await gateway.close();
      auth.closeAllConnections();
      auth.close();
    }
  });
});
