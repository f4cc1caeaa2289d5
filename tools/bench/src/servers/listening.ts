import type { AddressInfo } from 'node:net';

interface Listener {
  once(event: 'listening', listener: () => void): unknown;
  address(): AddressInfo | string | null;
}

/** Tells the benchmark where this process listens, and ends with it. */
export function listening(server: Listener): void {
  server.once('listening', () => {
    const address = server.address();
    if (typeof address === 'object' && address) process.send?.(address.port);
  });
  process.on('disconnect', () => process.exit(0));
}
