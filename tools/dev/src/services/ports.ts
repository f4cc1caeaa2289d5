import { createServer } from 'node:net';
import { UserError } from '../user-error';

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * @param others the command that takes other ports
 * @throws UserError that names the ports that somebody else holds, and the way out
 */
export async function assertFree(ports: readonly number[], others: string): Promise<void> {
  const free = await Promise.all(ports.map(isFree));
  const busy = ports.filter((_, index) => !free[index]);
  if (busy.length === 0) return;
  const subject = busy.length === 1 ? `Port ${busy.join()} is` : `Ports ${busy.join(', ')} are`;
  throw new UserError(`${subject} in use by another program; end it, or take others: ${others}`);
}
