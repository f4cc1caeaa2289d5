import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Connections that never carried a request (browsers open them ahead, load balancers probe with them). Node counts them as
 * busy, so a server that closes would wait for them until their deadline.
 */
export class UnusedConnections {
  private readonly sockets = new Set<Socket>();

  constructor(server: Server) {
    const used = ({ socket }: { readonly socket: Socket }): void => void this.sockets.delete(socket);
    const opened = (socket: Socket): void => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    };
    // A TLS server tells of the raw socket first, and of the one that requests come on once the handshake is done.
    server.on('connection', opened);
    server.on('secureConnection', opened);
    server.on('request', used);
    server.on('upgrade', used);
  }

  destroy(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
