import { encodeFrame, fail, toSystemError } from '@state-server/protocol';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { Connection, type ConnectionStatus } from './connection';
import { FakeSocket, welcome } from './fake-socket.spec-support';

describe('a connection', () => {
  let environment: FakeEnvironment;
  let connection: Connection;
  let statuses: ConnectionStatus['state'][];
  let renewIn: number;
  let token: (renew: boolean) => Promise<string>;
  beforeEach(() => {
    environment = createFakeEnvironment();
    FakeSocket.all = [];
    statuses = [];
    renewIn = 60_000;
    token = () => Promise.resolve('token');
    connection = new Connection({
      url: 'ws://host/ws',
      format: 'cbor',
      WebSocket: FakeSocket,
      environment,
      client: { name: 'test', version: '1' },
      token: (renew) => token(renew),
      renewInMs: () => renewIn,
      openMs: 5_000,
    });
    connection.events.on('status', ({ state }) => statuses.push(state));
  });

  const last = (): FakeSocket => {
    const socket = FakeSocket.all.at(-1);
    if (!socket) throw new Error('nothing was dialled');
    return socket;
  };

  async function open(): Promise<FakeSocket> {
    connection.open();
    const socket = last();
    socket.onopen?.({} as never);
    await environment.settle();
    socket.receive(welcome);
    return socket;
  }

  it('says hello with the token in the first frame, never in the URL, and is open after the welcome (SDK-9)', async () => {
    const socket = await open();
    expect(socket.url).toBe('ws://host/ws');
    expect(socket.protocols).toEqual(['state.v1.cbor']);
    expect(socket.frames()).toMatchObject([{ type: 'session.hello', token: 'token' }]);
    expect(statuses).toEqual(['connecting', 'open']);
  });

  it('takes several frames in one message, and passes over types of a newer server', async () => {
    const socket = await open();
    const types: string[] = [];
    connection.events.on('frame', ({ type }) => types.push(type));
    const role = {
      type: 'brane.role',
      brane_id: '00000000-0000-4000-8000-000000000003',
      role: 'viewer',
    } as never;
    const frames = [
      encodeFrame(role, 'cbor'),
      encodeFrame({ type: 'brane.sparkle' } as never, 'cbor'),
      encodeFrame(role, 'cbor'),
    ];
    const message = new Uint8Array(frames.flatMap((frame) => [...frame]));
    socket.onmessage?.({ data: message.buffer } as never);
    expect(types).toEqual(['brane.role', 'brane.role']);
  });

  it('comes back with growing pauses when the line breaks (SDK-8)', async () => {
    const socket = await open();
    socket.end(1_006);
    expect(connection.status.state).toBe('waiting');
    await environment.advance(500);
    expect(FakeSocket.all).toHaveLength(2);
    last().end(1_006);
    last().end(1_006);
    expect(connection.status).toMatchObject({ state: 'waiting', attempt: 1 });
    await environment.advance(1_000);
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('gives a socket up that does not open in time, or goes silent for longer than the heartbeat allows', async () => {
    connection.open();
    await environment.advance(5_000);
    expect(connection.status.state).not.toBe('connecting');
    connection.close();
    const socket = await open();
    await environment.advance(1_000);
    expect(socket.frames().map((frame) => frame['type'])).toEqual(['session.hello', 'system.ping']);
    await environment.advance(2_000);
    expect(socket.closedBy).toBeDefined();
  });

  it('reconnects when and because the gateway drains (SDK-8)', async () => {
    const socket = await open();
    socket.receive({ type: 'system.draining', reconnect_in_ms: 700 });
    expect(connection.status).toMatchObject({ state: 'waiting', retryInMs: 700 });
    await environment.advance(699);
    expect(FakeSocket.all).toHaveLength(1);
    await environment.advance(1);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('does not come back after a close code that says not to, and says why (SDK-8)', async () => {
    const socket = await open();
    socket.end(3_502, 'revoked');
    expect(connection.status).toMatchObject({ state: 'closed', error: { code: 'auth.revoked' } });
    await environment.advance(60_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('gives up when the hello is refused for good, or there is no token to be had', async () => {
    connection.open();
    last().onopen?.({} as never);
    await environment.settle();
    last().receive(toSystemError(fail('auth.invalid_token')));
    expect(connection.status).toMatchObject({ state: 'closed', error: { code: 'auth.invalid_token' } });
    token = () => Promise.reject(fail('auth.refresh_invalid'));
    connection.open();
    last().onopen?.({} as never);
    await environment.settle();
    expect(connection.status).toMatchObject({ state: 'closed', error: { code: 'auth.refresh_invalid' } });
  });

  it('renews the token within the session before it ends (SDK-9)', async () => {
    renewIn = 2_000;
    const socket = await open();
    token = () => Promise.resolve('fresh');
    const beat = environment.timers.set(900, () =>
      socket.receive({ type: 'system.pong', server_time: welcome.server_time }),
    );
    await environment.advance(2_000);
    environment.timers.clear(beat);
    expect(socket.frames()).toContainEqual({ type: 'session.refresh', token: 'fresh' });
  });

  it('keeps nothing that is sent while there is no session', async () => {
    expect(connection.send({ type: 'system.ping' })).toBe(false);
    await open();
    expect(connection.send({ type: 'system.ping' })).toBe(true);
    connection.close();
    expect(connection.send({ type: 'system.ping' })).toBe(false);
  });

  it('shows nobody that something is not there yet while it opens, and comes back by itself (SDK-8, F3)', async () => {
    const shown: string[] = [];
    connection.events.on('frame', ({ type }) => shown.push(type));
    connection.open();
    last().onopen?.({} as never);
    await environment.advance(0);
    last().receive(toSystemError(fail('dependency.unavailable')));
    last().end(3_005);
    await environment.advance(5_000);
    expect(FakeSocket.all).toHaveLength(2);
    last().onopen?.({} as never);
    await environment.advance(0);
    last().receive(welcome);
    expect([connection.status.state, shown]).toEqual(['open', []]);
    last().receive(toSystemError(fail('dependency.unavailable')));
    expect(shown).toEqual(['system.error']);
    last().end(1_006);
    await environment.advance(5_000);
    last().onopen?.({} as never);
    await environment.advance(0);
    last().receive(toSystemError(fail('clock.skew')));
    expect([connection.status.state, shown]).toEqual(['connecting', ['system.error', 'system.error']]);
  });

  it('comes back with a new token when the server says that the last one has ended, and gives up when that has, too (SDK-8)', async () => {
    const asked: boolean[] = [];
    token = (renew) => {
      asked.push(renew);
      return Promise.resolve('token');
    };
    const refuse = async (): Promise<void> => {
      last().onopen?.({} as never);
      await environment.advance(0);
      last().receive(toSystemError(fail('auth.expired')));
      last().end(3_400);
    };
    connection.open();
    await refuse();
    await environment.advance(5_000);
    expect(FakeSocket.all).toHaveLength(2);
    last().onopen?.({} as never);
    await environment.advance(0);
    last().receive(welcome);
    expect([connection.status.state, asked]).toEqual(['open', [false, true]]);
    // In the middle of a session nobody is shown it either.
    const shown: string[] = [];
    connection.events.on('frame', ({ type }) => shown.push(type));
    last().receive(toSystemError(fail('auth.expired')));
    last().end(3_400);
    await environment.advance(5_000);
    await refuse();
    expect([connection.status, shown, asked.at(-1)]).toEqual([
      { state: 'closed', error: expect.objectContaining({ code: 'auth.expired' }) as unknown },
      [],
      true,
    ]);
  });
});
