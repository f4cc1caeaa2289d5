import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { freePort } from '@state-server/testing';
import { assertFree } from './ports';

describe('ports', () => {
  let holder: Server;
  let busy: number;
  beforeAll(async () => {
    busy = await freePort();
    holder = createServer().listen(busy, '127.0.0.1');
    await once(holder, 'listening');
  });
  afterAll(() => holder.close());

  it('passes when all are free', async () => {
    await expect(assertFree([await freePort()], './dev up --port 4200')).resolves.toBeUndefined();
  });

  it('names the busy port and the way out in one line', async () => {
    await expect(assertFree([await freePort(), busy], './dev up --port 4200')).rejects.toThrow(
      `Port ${busy} is in use by another program; end it, or take others: ./dev up --port 4200`,
    );
  });
});
