import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { encodeCbor, PROTOCOL_VERSION } from '@state-server/protocol';
import { WebSocket } from 'ws';

/** What the program is told by its argument, as JSON. */
export interface HostileOptions {
  readonly kind: 'idle' | 'rubbish' | 'slow' | 'half_open';
  /** WebSocket URLs, taken by turns. */
  readonly urls: readonly string[];
  readonly token: string;
  readonly braneId: string;
  readonly count: number;
}

/** What it says after `off`, on one line of JSON. */
export interface HostileStats {
  readonly opened: number;
  readonly frames: number;
  readonly bytes: number;
  /** By close code; `refused` for what was not even opened. */
  readonly closed: Readonly<Record<string, number>>;
}

const options = JSON.parse(process.argv[2] ?? '{}') as HostileOptions;
const stats = { opened: 0, frames: 0, bytes: 0, closed: {} as Record<string, number> };
const open = new Set<{ destroy(): void }>();
let isOn = false;

const hello = encodeCbor({
  type: 'session.hello',
  token: options.token,
  client: { name: 'hostile', version: '1', protocol: PROTOCOL_VERSION },
});
const join = encodeCbor({ type: 'brane.join', brane_id: options.braneId });

function ended(code: number | string): void {
  stats.closed[code] = (stats.closed[code] ?? 0) + 1;
}

function openSocket(url: string): WebSocket {
  const socket = new WebSocket(url, ['state.v1.cbor'], { perMessageDeflate: false });
  const handle = { destroy: () => socket.terminate() };
  open.add(handle);
  socket.once('open', () => (stats.opened += 1));
  socket.on('error', () => ended('refused'));
  socket.once('close', (code: number) => {
    open.delete(handle);
    if (isOn) ended(code);
  });
  return socket;
}

/** Sends bytes that mean nothing, as fast as they leave; closed, it comes again at once. */
function sendRubbish(url: string): void {
  const socket = openSocket(url);
  const junk = [8, 200, 4_000, 60_000].map((size) => randomBytes(size));
  socket.once('open', () => {
    socket.send(hello);
    const send = (): void => {
      for (let count = 0; count < 50 && socket.readyState === socket.OPEN; count += 1) {
        const bytes = junk[stats.frames % junk.length] ?? hello;
        socket.send(bytes);
        stats.frames += 1;
        stats.bytes += bytes.byteLength;
      }
      if (socket.readyState !== socket.OPEN) return;
      if (socket.bufferedAmount > 1_000_000) setTimeout(send, 1);
      else setImmediate(send);
    };
    send();
  });
  socket.once('close', () => {
    if (isOn) setTimeout(() => sendRubbish(url), 1);
  });
}

/** A masked client frame of RFC 6455; a mask of zeros is one. */
function frameOf(payload: Uint8Array): Buffer {
  const long = payload.byteLength > 125;
  const head = long
    ? [0x82, 0xfe, payload.byteLength >> 8, payload.byteLength & 255]
    : [0x82, 0x80 | payload.byteLength];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

/** Joins, and reads 1 kB of what it is sent in a second. */
function readSlowly(url: string): void {
  const { hostname, port, pathname } = new URL(url);
  const socket: Socket = connect(Number(port), hostname);
  open.add(socket);
  socket.on('error', () => undefined);
  socket.once('close', () => {
    open.delete(socket);
    if (isOn) ended('gone');
  });
  socket.on('readable', () => undefined);
  socket.once('connect', () => {
    stats.opened += 1;
    socket.write(
      `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n` +
        `Sec-WebSocket-Protocol: state.v1.cbor\r\n\r\n`,
    );
    setTimeout(() => socket.write(Buffer.concat([frameOf(hello), frameOf(join)])), 200);
    const timer = setInterval(
      () => (stats.bytes += (socket.read(100) as Buffer | null)?.byteLength ?? 0),
      100,
    );
    socket.once('close', () => clearInterval(timer));
  });
}

function begin(url: string): void {
  switch (options.kind) {
    case 'idle':
      openSocket(url);
      return;
    case 'rubbish':
      sendRubbish(url);
      return;
    case 'slow':
      readSlowly(url);
      return;
    case 'half_open': {
      const socket = openSocket(url);
      socket.once('open', () => {
        socket.send(hello);
        socket.send(join);
      });
    }
  }
}

// On a machine of its own it would not take the CPU time of those whom it attacks.
setPriority(5);
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'stats') {
    process.stdout.write(`${JSON.stringify(stats)}\n`);
    return;
  }
  isOn = line === 'on';
  if (isOn) {
    Object.assign(stats, { opened: 0, frames: 0, bytes: 0, closed: {} });
    for (let index = 0; index < options.count; index += 1)
      begin(options.urls[index % options.urls.length] ?? '');
    return;
  }
  for (const handle of [...open]) handle.destroy();
  process.stdout.write(`${JSON.stringify(stats)}\n`);
});
