import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Connections that never carried a request (browsers open them ahead, load balancers probe with them). Node counts them as
 * busy, so a server that closes would wait for them until their deadline.
 */
export class UnusedConnections {
  /** With what listens for their end: a connection that is used, a WebSocket of days, is to carry nothing of this. */
  private readonly sockets = new Map<Socket, () => void>();

  constructor(server: Server) {
    const used = ({ socket }: { readonly socket: Socket }): void => {
      const forget = this.sockets.get(socket);
      if (!forget) return;
      this.sockets.delete(socket);
      socket.off('close', forget);
    };
    const opened = (socket: Socket): void => {
      const forget = (): void => void this.sockets.delete(socket);
      this.sockets.set(socket, forget);
      socket.on('close', forget);
    };
    // A TLS server tells of the raw socket first, and of the one that requests come on once the handshake is done.
    server.on('connection', opened);
    server.on('secureConnection', opened);
    server.on('request', used);
    server.on('upgrade', used);
  }

  destroy(): void {
    for (const socket of this.sockets.keys()) socket.destroy();
  }
}
