import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryHub, type MemoryBus } from '@state-server/messaging-memory';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import {
  closeToWriters,
  gatedStore,
  openToWriters,
  watchReadOnly,
} from '@state-server/persistence-maintenance';
import type { Store } from '@state-server/persistence-port';
import { realEnvironment } from '@state-server/platform';
import { PROTOCOL_VERSION, SUBPROTOCOLS } from '@state-server/protocol';
import { until } from '@state-server/testing';
import {
  makeBrane,
  makeTicket,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
} from './sync-gateway.spec-support';

const CLIENT = { name: 'spec', version: '1', protocol: PROTOCOL_VERSION } as const;

describe('sync-gateway', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sync-gateway-'));
  const hub = createMemoryHub();
  const gateways: TestGateway[] = [];
  let store: Store;

  /** Each with a link to the bus of its own, as each process has. */
  const start = async (
    options: Partial<TestGatewayOptions> = {},
  ): Promise<TestGateway & { readonly bus: MemoryBus }> => {
    const bus = hub.connect();
    const gateway = await startTestGateway({ store, bus, ...options });
    gateways.push(gateway);
    return { ...gateway, bus };
  };

  beforeAll(async () => {
    store = await openLmdbStore({ path: directory, environment: realEnvironment });
  });
  afterEach(async () => {
    await Promise.all(gateways.splice(0).map((gateway) => gateway.close()));
  });
  afterAll(async () => {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('lets a CBOR and a JSON client on two gateways edit one brane: durable, once, in order', async () => {
    const [here, there] = [await start(), await start()];
    const brane = await makeBrane(store);
    const cbor = await here.connect(brane.owner);
    const json = await there.connect(brane.owner, 'json');
    for (const peer of [cbor, json]) {
      peer.send({ type: 'brane.join', brane_id: brane.id, id: 'j' });
      await peer.next('brane.synced');
    }
    for (let count = 0; count < 20; count += 1) {
      cbor.edit(brane.id, `cbor ${count}`);
      json.edit(brane.id, `json ${count}`);
    }
    for (const peer of [cbor, json]) {
      await until(() => peer.all('brane.ops').length === 40, { what: 'all entries' });
      expect(peer.all('brane.ops').map(({ seq }) => seq)).toEqual(
        Array.from({ length: 40 }, (_, index) => index + 2),
      );
      await until(() => peer.all('brane.ack').length === 20, { what: 'all acks' });
    }
    const names = (peer: typeof cbor) =>
      peer.all('brane.ops').map(({ ops: [op] }) => (op?.op === 'create' ? op.object.name : undefined));
    expect(names(json)).toEqual(names(cbor));
  });

  it('goes on when the bus is away (F2)', async () => {
    const [here, there] = [await start(), await start()];
    const brane = await makeBrane(store);
    const [one, two] = [await here.connect(brane.owner), await there.connect(brane.owner)];
    for (const peer of [one, two]) {
      peer.send({ type: 'brane.join', brane_id: brane.id });
      await peer.next('brane.synced');
    }
    here.bus.disconnect();
    there.bus.disconnect();
    one.edit(brane.id, 'without the bus');
    await one.next('brane.ack');
    await two.next('brane.ops');
    const ready = await fetch(`${here.http.url}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({ checks: { bus: { status: 'degraded' } } });
  });

  it('keeps sockets open while the store is read-only, tells them within 2 s, and takes the same edit afterwards (STORE-22, F3)', async () => {
    const readOnly = watchReadOnly(store, realEnvironment);
    const gateway = await start({ store: gatedStore(store), readOnly });
    const brane = await makeBrane(store);
    const [writer, listener] = [await gateway.connect(brane.owner), await gateway.connect(brane.owner)];
    for (const peer of [writer, listener]) {
      peer.send({ type: 'brane.join', brane_id: brane.id });
      await peer.next('brane.synced');
    }
    await closeToWriters(store, realEnvironment, { reason: 'spec' });
    const told = await listener.next('system.error');
    expect(told).toMatchObject({ code: 'store.read_only', retryable: true });
    expect(told).not.toHaveProperty('op_id');
    writer.edit(brane.id, 'while nothing may be written');
    const refused = await writer.next('system.error', ({ op_id }) => op_id !== undefined);
    expect(refused).toMatchObject({ code: 'store.read_only', retryable: true, brane_id: brane.id });
    await openToWriters(store);
    writer.again();
    expect(await writer.next('brane.ack')).toMatchObject({ op_id: refused.op_id });
    await listener.next('brane.ops');
    readOnly.close();
  });

  it('speaks the client’s first subprotocol that it knows, and refuses an upgrade without one', async () => {
    const gateway = await start();
    const peer = await gateway.dial({ protocols: ['other', SUBPROTOCOLS.json, SUBPROTOCOLS.cbor] });
    expect(peer.socket.protocol).toBe(SUBPROTOCOLS.json);
    await expect(gateway.dial({ protocols: [] })).rejects.toThrow('refused with 400');
    await expect(gateway.dial({ protocols: ['state.v9.cbor'] })).rejects.toThrow('refused with 400');
  });

  it('lets in pages of allowed origins and programs without one, and nobody else', async () => {
    const gateway = await start({ env: { ALLOWED_ORIGINS: 'https://world.test' } });
    await gateway.dial();
    await gateway.dial({ origin: 'https://world.test' });
    await expect(gateway.dial({ origin: 'https://evil.test' })).rejects.toThrow('refused with 403');
    await expect(gateway.dial({ origin: 'null' })).rejects.toThrow('refused with 403');
  });

  it('takes a ticket once, from the page that asked for it', async () => {
    const gateway = await start({ env: { ALLOWED_ORIGINS: 'https://world.test,https://other.test' } });
    const { owner } = await makeBrane(store);
    const ticket = await makeTicket(store, owner, 'https://world.test');
    const first = await gateway.dial({ origin: 'https://world.test' });
    first.send({ type: 'session.hello', ticket, client: CLIENT });
    expect(await first.next('session.welcome')).toMatchObject({ user: { id: owner, name: 'Ada' } });
    const second = await gateway.dial({ origin: 'https://world.test' });
    second.send({ type: 'session.hello', ticket, client: CLIENT });
    expect(await second.whenClosed()).toEqual({ code: 3503, reason: 'auth.ticket_invalid' });
    const stolen = await makeTicket(store, owner, 'https://world.test');
    const thief = await gateway.dial({ origin: 'https://other.test' });
    thief.send({ type: 'session.hello', ticket: stolen, client: CLIENT });
    expect(await thief.whenClosed()).toMatchObject({ code: 3503 });
  });

  it('refuses forged tokens and says so before it closes', async () => {
    const gateway = await start();
    const other = await start();
    const { owner } = await makeBrane(store);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{}').toString('base64url')}.`;
    for (const token of ['nonsense', none, await other.tokens.issue({ user_id: owner })]) {
      const peer = await gateway.dial({ format: 'json' });
      peer.send({ type: 'session.hello', id: 'h', token, client: CLIENT });
      expect(await peer.next('system.error')).toMatchObject({ code: 'auth.invalid_token', in_reply_to: 'h' });
      expect(await peer.whenClosed()).toMatchObject({ code: 3501 });
    }
  });

  it('ends the sockets of a sign-in that is revoked, at once', async () => {
    const revoked = { all: false, listeners: new Set<() => void>() };
    const gateway = await start({
      revocations: {
        isRevoked: () => revoked.all,
        onRevoked: (listener) => {
          revoked.listeners.add(listener);
          return () => revoked.listeners.delete(listener);
        },
        staleMs: () => 0,
      },
    });
    const { owner } = await makeBrane(store);
    const peer = await gateway.connect(owner);
    revoked.all = true;
    for (const listener of revoked.listeners) listener();
    expect(await peer.whenClosed()).toEqual({ code: 3502, reason: 'auth.revoked' });
  });

  it('answers a frame above 64 KiB and lives, and closes with 1009 above 1 MiB', async () => {
    const gateway = await start();
    const { owner } = await makeBrane(store);
    const peer = await gateway.connect(owner);
    peer.socket.send(new Uint8Array(65_537));
    expect(await peer.next('system.error')).toMatchObject({ code: 'frame.too_large' });
    peer.send({ type: 'system.ping', id: 'p' });
    await peer.next('system.pong');
    peer.socket.send(new Uint8Array(1_048_577));
    expect(await peer.whenClosed()).toMatchObject({ code: 1009 });
  });

  it('closes a connection that never says who it is', async () => {
    const gateway = await start({ limits: { hello_ms: 100, beat_ms: 50 } });
    const peer = await gateway.dial();
    expect(await peer.whenClosed()).toEqual({ code: 3001, reason: 'session.hello_timeout' });
  });

  it('limits sessions and edits as its settings say', async () => {
    const gateway = await start({ env: { SESSIONS_PER_USER: '1', EDITS_PER_SECOND: '1' } });
    const brane = await makeBrane(store);
    const peer = await gateway.connect(brane.owner);
    expect((await peer.next('session.welcome')).limits).toMatchObject({
      edits_per_second: 1,
      sessions_per_user: 1,
    });
    const second = await gateway.dial();
    second.send({
      type: 'session.hello',
      token: await gateway.tokens.issue({ user_id: brane.owner }),
      client: CLIENT,
    });
    expect(await second.whenClosed()).toEqual({ code: 3007, reason: 'session.too_many' });
    peer.send({ type: 'brane.join', brane_id: brane.id });
    await peer.next('brane.synced');
    for (let count = 0; count < 4; count += 1) peer.edit(brane.id, 'one of four');
    expect(await peer.next('system.error')).toMatchObject({ code: 'rate.limited' });
  });

  it('survives peers that break the protocol of WebSocket itself', async () => {
    const gateway = await start();
    const { owner } = await makeBrane(store);
    const broken = await gateway.dial();
    const raw = connect(gateway.http.port, '127.0.0.1');
    raw.write('GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await new Promise((resolve) => raw.once('data', resolve));
    raw.destroy();
    const path = connect(gateway.http.port, '127.0.0.1');
    path.write('GET /elsewhere HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    await new Promise((resolve) => path.once('close', resolve));
    broken.socket.terminate();
    const peer = await gateway.connect(owner);
    expect(peer.closed).toBeUndefined();
  });

  it('drains: sends new clients away, finishes what is in hand, tells its own to come back', async () => {
    const gateway = await start({ env: { DRAIN_DELAY_MS: '300' } });
    const brane = await makeBrane(store);
    const peer = await gateway.connect(brane.owner);
    peer.send({ type: 'brane.join', brane_id: brane.id });
    await peer.next('brane.synced');
    const ending = gateway.drain();
    expect((await fetch(`${gateway.http.url}/health/ready`)).status).toBe(503);
    await expect(gateway.dial()).rejects.toThrow('refused with 503');
    peer.edit(brane.id, 'the last word');
    await peer.next('brane.ack');
    expect(await peer.whenClosed()).toEqual({ code: 3000, reason: 'gateway.draining' });
    expect((await peer.next('system.draining')).reconnect_in_ms).toBeGreaterThanOrEqual(0);
    await ending;
    await expect(fetch(`${gateway.http.url}/health/live`)).rejects.toThrow();
  });

  it('tells Prometheus what it does', async () => {
    const gateway = await start();
    const brane = await makeBrane(store);
    const peer = await gateway.connect(brane.owner);
    peer.send({ type: 'brane.join', brane_id: brane.id });
    await peer.next('brane.synced');
    peer.edit(brane.id, 'counted');
    await peer.next('brane.ack');
    const page = await (await fetch(`http://127.0.0.1:${gateway.http.metricsPort}/metrics`)).text();
    for (const line of [
      /realtime_sessions\{.*\} 1/,
      /realtime_seats\{.*\} 1/,
      /realtime_deliveries_total\{.*\} 1/,
      /realtime_outbox_bytes\{.*\} 0/,
    ]) {
      expect(page).toMatch(line);
    }
  });
});
