import { connect } from 'node:net';

/** How one asks a process whether it works. Each question has its own deadline and is never rejected. */
export interface Probe {
  /** It can serve now. */
  ready(): Promise<boolean>;
  /** Its event loop turns; says nothing about what it depends on. */
  live(): Promise<boolean>;
}

const DEADLINE_MS = 1_000;

export function httpProbe(url: string): Probe {
  const ask = async (path: string): Promise<boolean> => {
    try {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(DEADLINE_MS) });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  };
  return { ready: () => ask('/health/ready'), live: () => ask('/health/live') };
}

/** PING over a bare connection: needs no client library, and a Redis of our own asks no password. */
export function redisProbe(port: number): Probe {
  const ping = (): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      const answer = (alive: boolean): void => {
        socket.destroy();
        resolve(alive);
      };
      socket.setTimeout(DEADLINE_MS, () => answer(false));
      socket.once('error', () => answer(false));
      socket.once('connect', () => socket.write('PING\r\n'));
      socket.once('data', (data) => answer(data.toString().startsWith('+PONG')));
    });
  return { ready: ping, live: ping };
}
