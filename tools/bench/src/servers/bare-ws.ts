import { type WebSocket, WebSocketServer } from 'ws';
import { listening } from './listening';

/** The peer of the fan-out: sends every message of one client to all the others, and does nothing else. */
export function bareBroadcast(): void {
  const server = bareServer();
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const peer of server.clients) if (peer !== socket) peer.send(data, { binary: true });
    });
  });
}

/** Reads what it is sent, as every server does, and says nothing. */
export function bareIdle(): void {
  bareServer().on('connection', (socket) => socket.on('message', () => undefined));
}

/** A bare `ws` server with the options of our door, and nothing on it. */
export function bareServer(): WebSocketServer {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket: WebSocket) => socket.on('error', () => undefined));
  listening(server);
  return server;
}
