import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@state-server/client';
import { asBraneId, type ClientOp, type ObjectId } from '@state-server/domain';
import { encodeFrame, PROTOCOL_VERSION, SUBPROTOCOLS } from '@state-server/protocol';
import { DevSystem, freePort, until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { cpuSecondsOf } from './cpu';
import type { Figure } from './figure';

const SOCKETS = 300;
const SOCKETS_PER_USER = 50;
const RATE = 200;
const SECONDS = 5;
const ROUNDS = 3;
/** Of a message of the peer; an entry of ours with a value of so many characters is about as long. */
const EDIT_BYTES = 256;
const VALUE_CHARS = 40;

/** A socket that only counts what it is sent. */
class Listener {
  messages = 0;
  bytes = 0;
  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.messages += 1;
      this.bytes += data.length;
    });
  }

  static async open(url: string, protocol?: string): Promise<Listener> {
    const socket = new WebSocket(url, protocol === undefined ? [] : [protocol], { perMessageDeflate: false });
    const listener = new Listener(socket);
    await once(socket, 'open');
    return listener;
  }
}

/** One brane, many sockets on one gateway, against a bare `ws` server that writes messages of the same size. */
export async function fanOut(say: (text: string) => void): Promise<Figure> {
  const data = mkdtempSync(join(tmpdir(), 'bench-'));
  const root = process.cwd();
  const system = new DevSystem({ root, port: 1024 + ((await freePort()) % 40_000), data });
  const status = await system.start(1);
  try {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      say(`fan-out to ${SOCKETS} sockets at ${RATE} edits/s, round ${round} of ${ROUNDS}`);
      ours.push(await throughGateway(status.origin, await system.service('sync-gateway-1')));
      theirs.push(await throughBareServer());
    }
    return {
      name: `Fan-out: one brane, ${SOCKETS} sockets, ${RATE} edits/s of ${EDIT_BYTES} bytes (ours durable)`,
      unit: 'deliveries per CPU-second of the server',
      peer: 'bare ws, messages of the same size, not durable',
      ours,
      theirs,
    };
  } finally {
    await system.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

async function throughGateway(origin: string, gateway: { url: string; pid: number | null }): Promise<number> {
  const webSocketUrl = `${gateway.url.replace(/^http/, 'ws')}/ws`;
  const client = createClient({ origin, webSocketUrl, WebSocket: WebSocket });
  await client.signInDev('Bench');
  const { id } = await client.rest.createBrane({ name: 'fan-out', visibility: 'public' });
  const brane = await client.join(asBraneId(id));
  const made = brane.create({ kind: 'block', parent_id: brane.id });
  await made.saved;
  const listeners = await audience(origin, webSocketUrl, id);
  const pid = gateway.pid ?? 0;
  const entryBytes = await bytesOfOne(listeners, () => brane.edit([paint(made.id, 0)]).saved);
  const before = listeners.map((listener) => listener.bytes);
  const cpu = cpuSecondsOf(pid);
  const sent = await paced((turn) => void brane.edit([paint(made.id, turn)]));
  await brane.whenSaved();
  // Entries differ in length by the digits of their seq alone.
  const least = sent * (entryBytes - 4);
  await until(() => listeners.every((one, index) => one.bytes - (before[index] ?? 0) >= least));
  const used = cpuSecondsOf(pid) - cpu;
  for (const listener of listeners) listener.socket.terminate();
  client.close();
  return (sent * SOCKETS) / used;
}

/** How much one entry is on the wire: what a single edit adds for every listener. */
async function bytesOfOne(listeners: readonly Listener[], edit: () => Promise<unknown>): Promise<number> {
  const [first] = listeners;
  const before = first?.bytes ?? 0;
  await edit();
  await until(() => first && first.bytes > before);
  return (first?.bytes ?? 0) - before;
}

/** Sockets of several users: one user may only have so many. */
async function audience(origin: string, webSocketUrl: string, braneId: string): Promise<Listener[]> {
  const listeners: Listener[] = [];
  for (let user = 0; listeners.length < SOCKETS; user += 1) {
    const client = createClient({ origin, WebSocket });
    await client.signInDev(`Listener ${user}`);
    const count = Math.min(SOCKETS_PER_USER, SOCKETS - listeners.length);
    const joins = Array.from({ length: count }, () => joinAs(client, webSocketUrl, braneId));
    listeners.push(...(await Promise.all(joins)));
  }
  return listeners;
}

async function joinAs(
  client: ReturnType<typeof createClient>,
  url: string,
  braneId: string,
): Promise<Listener> {
  const listener = await Listener.open(url, SUBPROTOCOLS.cbor);
  const answer = await client.request({ method: 'POST', path: '/websocket/ticket' });
  const { ticket } = answer.body as { ticket: string };
  const hello = {
    type: 'session.hello',
    ticket,
    client: { name: 'bench', version: '1', protocol: PROTOCOL_VERSION },
  } as const;
  listener.socket.send(encodeFrame(hello, 'cbor'));
  await until(() => listener.messages > 0);
  listener.socket.send(encodeFrame({ type: 'brane.join', brane_id: asBraneId(braneId) }, 'cbor'));
  await until(() => listener.messages > 1, { what: 'an answer to brane.join' });
  return listener;
}

/** An edit whose entry is about as long as asked on the wire. */
function paint(id: ObjectId, turn: number): ClientOp {
  return { op: 'update', id, set: { '/properties/c': `${turn}`.padEnd(VALUE_CHARS, '.') } };
}

async function throughBareServer(): Promise<number> {
  const server = fork(process.argv[1] ?? '', ['--bare-server']);
  const [port] = (await once(server, 'message')) as [number];
  const url = `ws://127.0.0.1:${port}`;
  try {
    const sender = await Listener.open(url);
    const listeners = await Promise.all(Array.from({ length: SOCKETS }, () => Listener.open(url)));
    const message = Buffer.alloc(EDIT_BYTES, 7);
    const pid = server.pid ?? 0;
    const cpu = cpuSecondsOf(pid);
    const sent = await paced(() => {
      sender.socket.send(message);
    });
    await until(() => listeners.every((listener) => listener.messages === sent));
    const used = cpuSecondsOf(pid) - cpu;
    for (const listener of [sender, ...listeners]) listener.socket.terminate();
    return (sent * SOCKETS) / used;
  } finally {
    server.disconnect();
    await once(server, 'exit');
  }
}

/** Calls at the rate for the time; answers how often. */
async function paced(call: (turn: number) => void): Promise<number> {
  const total = RATE * SECONDS;
  const start = performance.now();
  for (let turn = 0; turn < total; turn += 1) {
    call(turn);
    const due = start + ((turn + 1) * 1_000) / RATE;
    const wait = due - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
  }
  return total;
}
