import { X509Certificate } from 'node:crypto';
import { createServer, get } from 'node:https';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { selfSigned } from './self-signed';

describe('a certificate made on the spot', () => {
  it('is trusted for this machine by whoever is given it, and by nobody else', async () => {
    const made = selfSigned({ name: 'spec' });
    expect(new X509Certificate(made.cert).subject).toBe('CN=spec');
    const server = createServer(made, (_request, response) => response.end('hello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const ask = (ca?: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        get(url, { ca, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        }).on('error', reject);
      });
    try {
      expect(await ask(made.cert)).toBe(200);
      await expect(ask(selfSigned().cert)).rejects.toThrow(/self-signed|signature failure/);
    } finally {
      server.close();
    }
  });
});
