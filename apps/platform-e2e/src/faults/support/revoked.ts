import { createClient, StateError, type TokenSet } from '@state-server/client';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { type FaultSystem } from './fault-system';

export interface RevocationTimes {
  /** From the answer to the sign-out, ms. */
  readonly restMs: number;
  /** Per gateway. */
  readonly socketMs: readonly number[];
}

let visitors = 0;

/** Signs a user out who has a socket on each gateway: how long until each of them and REST refuse his token? */
export async function revokeOne(system: FaultSystem): Promise<RevocationTimes> {
  visitors += 1;
  const rest = createClient({ origin: system.origin, WebSocket, attempts: 1 });
  let tokens: TokenSet | undefined;
  rest.events.on('tokens', (set) => (tokens = set));
  await rest.signInDev(`Visitor ${visitors}`);
  const { id } = await rest.rest.createBrane({ name: 'visited', visibility: 'private' });
  const sockets = system.gateways.map((_, index) =>
    createClient({ origin: system.origin, WebSocket, webSocketUrl: system.gatewaySocket(index) }),
  );
  try {
    for (const socket of sockets) {
      if (tokens) socket.useTokens(tokens);
      await socket.join(id);
    }
    await rest.request({ method: 'POST', path: '/auth/logout' });
    const began = performance.now();
    const since = (): number => performance.now() - began;
    const [restMs, ...socketMs] = await Promise.all([
      until(() => refusedAs(rest.rest.me(), 'auth.revoked'), { everyMs: 20 }).then(since),
      ...sockets.map((socket) =>
        until(() => socket.status.state === 'closed' && socket.status.error?.code === 'auth.revoked').then(
          since,
        ),
      ),
    ]);
    return { restMs, socketMs };
  } finally {
    for (const client of [rest, ...sockets]) client.close();
  }
}

async function refusedAs(answer: Promise<unknown>, code: string): Promise<boolean> {
  try {
    await answer;
    return false;
  } catch (error) {
    return error instanceof StateError && error.code === code;
  }
}
