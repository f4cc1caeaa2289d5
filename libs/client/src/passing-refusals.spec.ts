import { fail, toSystemError } from '@state-server/protocol';
import { createFakeEnvironment } from '@state-server/testing';
import { createClient } from './client';
import { FakeSocket, welcome } from './fake-socket.spec-support';

const BRANE = '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b10';
const OP = '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b11';

describe('a refusal that concerns nobody any more', () => {
  it('is not told: of a ping, or of an edit sent again whose first sending has come to the log (SDK-5)', async () => {
    FakeSocket.all = [];
    const told: string[] = [];
    const client = createClient({
      origin: 'http://127.0.0.1:1',
      environment: createFakeEnvironment(),
      WebSocket: FakeSocket,
      fetch: () => Promise.reject(new Error('nothing is asked by REST here')),
    });
    client.events.on('error', ({ code }) => told.push(code));
    client.useTokens({
      access_token: 'a',
      refresh_token: 'r',
      expires_in: 900,
      user: { id: 'u', name: 'Ada' },
    });
    void client.join(BRANE as never).catch(() => undefined);
    const [socket] = FakeSocket.all;
    socket?.onopen?.({} as never);
    await Promise.resolve();
    socket?.receive(welcome);
    const edit = { brane_id: BRANE as never, op_id: OP as never };
    socket?.receive(toSystemError(fail('rate.limited', { limit: 'frames' }), {}));
    socket?.receive(toSystemError(fail('dependency.unavailable'), edit));
    expect(told).toEqual([]);
    socket?.receive(toSystemError(fail('permission.denied'), edit));
    expect(told).toEqual(['permission.denied']);
    client.close();
  });
});
