import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import { addressKey, type Client } from '@state-server/platform';
import { CLOSE_NORMAL, formatOf } from '@state-server/protocol';
import type { Connection, Gateway } from '@state-server/realtime';
import type { RawData, WebSocket } from 'ws';
import { DoorSocket } from './door-socket';
import { SharedFrames } from './server-frame';

/** What the door works with. */
export interface SyncDoorDeps {
  readonly gateway: Gateway;
  readonly clientOf: (request: IncomingMessage) => Client;
}

/** Injection token of SyncDoorDeps. */
export const SYNC_DOOR_DEPS = Symbol('SYNC_DOOR_DEPS');

/** The WebSocket door: hands each connection to the engine, and its messages as they come. */
@WebSocketGateway({ path: '/ws' })
export class SyncDoor implements OnGatewayConnection {
  private readonly frames = new SharedFrames();

  constructor(@Inject(SYNC_DOOR_DEPS) private readonly deps: SyncDoorDeps) {}

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    const { origin } = request.headers;
    const door = new DoorSocket(socket, request.socket, this.frames);
    const { address } = this.deps.clientOf(request);
    const connection = this.deps.gateway.open(door, {
      // The adapter lets nobody in without one of ours.
      format: formatOf(socket.protocol) ?? 'json',
      address,
      network: addressKey(address),
      ...(origin === undefined ? {} : { origin }),
    });
    door.listener = connection;
    bind(socket, connection);
  }
}

/** Apart from the above, so that what lives as long as the connection does not hold the request that opened it. */
function bind(socket: WebSocket, connection: Connection): void {
  socket.on('message', (data, isBinary) => {
    // We have closed it, and it goes on sending: until it has read why, it is not read any more.
    if (socket.readyState !== socket.OPEN) {
      socket.pause();
      return;
    }
    const bytes = bytesOf(data);
    connection.message(isBinary ? bytes : bytes.toString('utf8'));
  });
  socket.on('close', () => connection.closed());
  socket.on('error', closeBroken);
}

/** A broken frame or a message above 1 MiB: ws closes the connection itself, and says why. */
function closeBroken(this: WebSocket): void {
  if (this.readyState === this.OPEN) this.close(CLOSE_NORMAL);
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
