import type { IncomingMessage } from 'node:http';
import { Inject } from '@nestjs/common';
import { type OnGatewayConnection, WebSocketGateway } from '@nestjs/websockets';
import type { Client } from '@state-server/platform';
import { CLOSE_NORMAL, formatOf } from '@state-server/protocol';
import type { Gateway, Socket } from '@state-server/realtime';
import type { RawData, WebSocket } from 'ws';

/** What the door works with. */
export interface SyncDoorDeps {
  readonly gateway: Gateway;
  readonly clientOf: (request: IncomingMessage) => Client;
}

/** Injection token of SyncDoorDeps. */
export const SYNC_DOOR_DEPS = Symbol('SYNC_DOOR_DEPS');

const TEXT = { binary: false } as const;

/** The WebSocket door: hands each connection to the engine, and its messages as they come. */
@WebSocketGateway({ path: '/ws' })
export class SyncDoor implements OnGatewayConnection {
  private readonly shared = new SharedText();

  constructor(@Inject(SYNC_DOOR_DEPS) private readonly deps: SyncDoorDeps) {}

  handleConnection(socket: WebSocket, request: IncomingMessage): void {
    const { origin } = request.headers;
    const connection = this.deps.gateway.open(
      socketOf(socket, this.shared, () => connection.writable()),
      {
        // The adapter lets nobody in without one of ours.
        format: formatOf(socket.protocol) ?? 'json',
        address: this.deps.clientOf(request).address,
        ...(origin === undefined ? {} : { origin }),
      },
    );
    socket.on('message', (data, isBinary) => {
      const bytes = bytesOf(data);
      connection.message(isBinary ? bytes : bytes.toString('utf8'));
    });
    socket.on('close', () => connection.closed());
    // A broken frame or a message above 1 MiB: ws closes the connection itself, and says why.
    socket.on('error', () => {
      if (socket.readyState === socket.OPEN) socket.close(CLOSE_NORMAL);
    });
  }
}

/** The engine's view of a `ws` socket. */
function socketOf(socket: WebSocket, shared: SharedText, written: () => void): Socket {
  return {
    send: (data) => {
      if (socket.readyState !== socket.OPEN) return;
      if (typeof data === 'string') socket.send(shared.utf8(data), TEXT, written);
      else socket.send(data, written);
    },
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close: (code, reason) => socket.close(code, reason),
  };
}

/** The engine gives one text to many sockets in a row: encoded for the first of them. */
class SharedText {
  private text = '';
  private bytes = Buffer.alloc(0);

  utf8(text: string): Buffer {
    if (text !== this.text) {
      this.text = text;
      this.bytes = Buffer.from(text);
    }
    return this.bytes;
  }
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
