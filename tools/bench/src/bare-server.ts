import { WebSocketServer } from 'ws';

/** The peer of the fan-out: a `ws` server that sends every message of the first client to all the others, and does nothing else. */
export function runBareServer(): void {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      for (const peer of server.clients) if (peer !== socket) peer.send(data, { binary: true });
    });
  });
  server.on('listening', () => {
    const address = server.address();
    if (typeof address === 'object' && address) process.send?.(address.port);
  });
  process.on('disconnect', () => process.exit(0));
}
