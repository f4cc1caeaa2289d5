import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { listening } from './listening';

/** No ping comes within a run: the load does not answer them. */
const NO_PING_MS = 600_000;

/** Socket.IO at the same work: what one client sends, all get. WebSocket alone, nothing compressed. */
export function socketIoBroadcast(): void {
  const http = createServer();
  const server = new Server(http, {
    transports: ['websocket'],
    pingInterval: NO_PING_MS,
    perMessageDeflate: false,
    serveClient: false,
  });
  server.on('connection', (socket) => {
    socket.on('edit', (edit: string) => {
      socket.broadcast.emit('edit', edit);
    });
  });
  listening(http);
  http.listen(0, '127.0.0.1');
}
