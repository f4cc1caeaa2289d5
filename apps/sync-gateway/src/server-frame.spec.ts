import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { DoorSocket } from './door-socket';
import { SharedFrames, serverFrame } from './server-frame';

/** Lengths at which the head of a frame changes its form (RFC 6455, 5.2). */
const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 300_000];

describe('frames of the door', () => {
  it('are made once for sockets that are sent the same message one after the other', () => {
    const frames = new SharedFrames();
    const message = Uint8Array.of(1, 2);
    const frame = frames.of(message);
    expect(frames.of(message)).toBe(frame);
    expect(frames.of(Uint8Array.of(1, 2))).not.toBe(frame);
    expect(frames.of('').equals(serverFrame(''))).toBe(true);
  });

  it('are what ws reads and writes between them: bytes and text of every length, pongs, the close behind all (RT-6)', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    const bytes = LENGTHS.map((length) => new Uint8Array(length).fill(length % 251));
    const texts = LENGTHS.map((length) => 'é'.repeat(Math.floor(length / 2)).padEnd(length, 'x'));
    const frames = new SharedFrames();
    server.on('connection', (socket, request) => {
      const door = new DoorSocket(socket, request.socket, frames);
      socket.on('message', () => {
        for (const message of [...bytes, ...texts]) {
          door.send(message);
          socket.ping('between');
        }
        door.close(3000, 'done');
        door.send('not any more');
      });
    });
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const received: (string | Uint8Array)[] = [];
    let pings = 0;
    client.on('ping', () => (pings += 1));
    client.on('message', (data: RawData, isBinary: boolean) => {
      const message = data as Buffer;
      received.push(isBinary ? new Uint8Array(message) : message.toString('utf8'));
    });
    await once(client, 'open');
    client.send('go');
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    expect([code, String(reason)]).toEqual([3000, 'done']);
    expect(pings).toBe(2 * LENGTHS.length);
    expect(received).toEqual([...bytes, ...texts]);
    server.close();
  });

  it('are not mixed with those of an extension', async () => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true });
    await once(server, 'listening');
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const connected = once(server, 'connection');
    await once(client, 'open');
    const [socket, request] = (await connected) as [WebSocket, IncomingMessage];
    expect(() => new DoorSocket(socket, request.socket, new SharedFrames())).toThrow('permessage-deflate');
    client.terminate();
    server.close();
  });
});
