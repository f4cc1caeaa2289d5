import { encodeFrame } from '@state-server/protocol';
import type { Figure } from './figure';
import { type Memory, memoryOf } from './load/inspect';
import { openAll, type RawSocket } from './load/raw-socket';
import { joinedSessions, newBrane, signIn } from './load/session';
import { pidOf, withSystem } from './load/system';
import { withServer } from './servers/start';

/** Many, because a process takes memory from the system in steps of megabytes. */
const SESSIONS = 8_000;
/** Opened at a time: the ones before are kept alive meanwhile. */
const BATCH = 1_000;
/** Before the count, and open until the end: what a process loads, compiles and sets aside with its first connections is not theirs. */
const WARM_UP = 1_000;
const INSPECT = { ours: 9_731, theirs: 9_732 } as const;
const PING_MS = 10_000;

/** What an idle session that has joined a brane costs the gateway, against a connection of a bare `ws` server. */
export async function idleMemory(say: (text: string) => void): Promise<readonly Figure[]> {
  say(`memory of ${SESSIONS} idle connections of bare ws`);
  const theirs = await withServer(
    'bare-idle',
    (bare) =>
      perConnection(
        () => memoryOf(bare.pid, INSPECT.theirs),
        (count) => openAll(`ws://127.0.0.1:${bare.port}/`, count),
      ),
    [`--inspect-port=${INSPECT.theirs}`],
  );
  say(`memory of ${SESSIONS} idle sessions`);
  const ours = await withSystem(
    async ({ origin, gateway }) => {
      const url = `${gateway.url.replace(/^http/, 'ws')}/ws`;
      const { braneId } = await newBrane(origin, await signIn(origin, 'Owner'));
      return perConnection(
        () => memoryOf(pidOf(gateway), INSPECT.ours),
        (count) => joinedSessions(origin, url, braneId, count),
      );
    },
    { NODE_OPTIONS: `--inspect-port=${INSPECT.ours}` },
  );
  const figure = (what: keyof Memory, of: string): Figure => ({
    name: `Memory of an idle session that has joined a brane, ${of}, of ${SESSIONS}`,
    unit: 'KiB per connection',
    peer: 'a connection of a bare ws server with the same options',
    ours: [ours[what] / 1_024],
    theirs: [theirs[what] / 1_024],
  });
  return [
    figure('rss', 'growth of VmRSS after garbage collection'),
    figure('heap', 'growth of the JavaScript heap after garbage collection'),
  ];
}

async function perConnection(
  measure: () => Promise<Memory>,
  open: (count: number) => Promise<readonly RawSocket[]>,
): Promise<Memory> {
  const sockets: RawSocket[] = [];
  const timers: NodeJS.Timeout[] = [];
  const openUpTo = async (count: number): Promise<void> => {
    while (sockets.length < count) {
      const more = await open(Math.min(BATCH, count - sockets.length));
      sockets.push(...more);
      timers.push(keepAlive(more));
    }
  };
  try {
    await openUpTo(WARM_UP);
    const before = await measure();
    await openUpTo(WARM_UP + SESSIONS);
    const after = await measure();
    if (sockets.some(({ isClosed }) => isClosed)) throw new Error('a connection was closed');
    return { rss: (after.rss - before.rss) / SESSIONS, heap: (after.heap - before.heap) / SESSIONS };
  } finally {
    for (const timer of timers) clearInterval(timer);
    for (const socket of sockets) socket.close();
  }
}

/** A client that is silent is taken for dead. To a bare server it is a message like any other. */
function keepAlive(sockets: readonly RawSocket[]): NodeJS.Timeout {
  const ping = encodeFrame({ type: 'system.ping' }, 'cbor');
  return setInterval(() => {
    for (const socket of sockets) socket.send(ping);
  }, PING_MS);
}
