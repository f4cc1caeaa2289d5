import { asOpId, type BraneId, type ObjectId } from '@state-server/domain';
import { encodeFrame } from '@state-server/protocol';
import { until } from '@state-server/testing';
import { cpuSecondsOf } from './cpu';
import type { Figure } from './figure';
import { pace, replay } from './load/pace';
import { openAll, RawSocket } from './load/raw-socket';
import { framesIn, joinedSession, joinedSessions, newBrane, signIn } from './load/session';
import { pidOf, type RunningSystem, withSystem } from './load/system';
import { type RunningServer, withServer } from './servers/start';

const SOCKETS = 500;
const SECONDS = 3;
const ROUNDS = 3;
const RATES = [200, 1_000] as const;
/** Edits per second of one editor: well below what a session may send. */
const EDITS_PER_EDITOR = 62.5;
/** So long a value makes an entry of about 256 bytes on the wire. */
const VALUE_CHARS = 40;
const ENTRY_BYTES = 256;
const PING_MS = 10_000;
/** A machine may be busy with something else: CPU is counted, not time. */
const PATIENCE_MS = 180_000;

interface Written {
  /** ms from the first. */
  readonly at: number;
  readonly what: Buffer;
}

interface Round {
  readonly perCpuSecond: number;
  readonly messages: readonly Written[];
}

/** One brane, many sockets on one gateway, against servers that make nothing durable. */
export async function fanOut(say: (text: string) => void): Promise<readonly Figure[]> {
  return withSystem((system) =>
    withServer('bare-ws', (bare) =>
      withServer('socket-io', async (socketIo) => {
        const ours = await Ours.open(system);
        const theirs = await BareWs.open(bare);
        const other = await SocketIo.open(socketIo);
        const figures: Figure[] = [];
        for (const rate of RATES) figures.push(...(await compare(rate, { ours, theirs, other }, say)));
        return figures;
      }),
    ),
  );
}

async function compare(
  rate: number,
  { ours, theirs, other }: { ours: Ours; theirs: BareWs; other: SocketIo },
  say: (text: string) => void,
): Promise<Figure[]> {
  const results = { ours: [] as number[], bare: [] as number[], socketIo: [] as number[] };
  let messages = 0;
  // The first round of each is not counted: a server compiles its code once.
  for (let round = 0; round <= ROUNDS; round += 1) {
    say(`fan-out to ${SOCKETS} sockets at ${rate} edits/s, round ${round} of ${ROUNDS}`);
    const run = await ours.round(rate);
    const [bare, socketIo] = await ours.stayWhile(async () => [
      await theirs.round(rate, run.messages),
      await other.round(rate),
    ]);
    const ratio = (peer: number): string => (run.perCpuSecond / peer).toFixed(2);
    say(`  ${ratio(bare)} of bare ws, ${ratio(socketIo)} of Socket.IO`);
    if (round === 0) continue;
    messages += run.messages.length;
    results.ours.push(run.perCpuSecond);
    results.bare.push(bare);
    results.socketIo.push(socketIo);
  }
  const name = `Fan-out: one brane, ${SOCKETS} sockets, ${rate} edits/s of ${ours.entryBytes} bytes (ours durable)`;
  const unit = 'deliveries per CPU-second of the server';
  const perSecond = Math.round(messages / (ROUNDS * SECONDS));
  return [
    {
      name,
      unit,
      peer: `bare ws, the same bytes in the same messages (${perSecond}/s), not durable`,
      ours: results.ours,
      theirs: results.bare,
    },
    {
      name,
      unit,
      peer: 'Socket.IO, one message per edit, not durable',
      ours: results.ours,
      theirs: results.socketIo,
    },
  ];
}

/** What a round costs the process of the server, until the last socket has the last byte. */
async function deliveriesPerCpuSecond(
  pid: number,
  listeners: readonly RawSocket[],
  edits: number,
  run: () => Promise<(listener: RawSocket) => boolean>,
): Promise<number> {
  const before = cpuSecondsOf(pid);
  const hasAll = await run();
  await until(() => listeners.every(hasAll), {
    timeoutMs: PATIENCE_MS,
    what: 'all sockets have got everything',
  });
  return (edits * SOCKETS) / (cpuSecondsOf(pid) - before);
}

class Ours {
  /** Of the last round, on the wire. */
  entryBytes = 0;
  /** Every edit is to be taken: a refused one would not be missed. */
  private refused: string | undefined;
  private readonly turns: number[];

  private constructor(
    private readonly pid: number,
    private readonly braneId: BraneId,
    private readonly objectId: ObjectId,
    private readonly editors: readonly RawSocket[],
    private readonly listeners: readonly RawSocket[],
  ) {
    this.turns = editors.map(() => 0);
  }

  static async open({ origin, gateway }: RunningSystem): Promise<Ours> {
    const url = `${gateway.url.replace(/^http/, 'ws')}/ws`;
    const token = await signIn(origin, 'Editor');
    const { braneId, objectId } = await newBrane(origin, token);
    const count = Math.ceil(Math.max(...RATES) / EDITS_PER_EDITOR);
    const editors = await Promise.all(
      Array.from({ length: count }, () => joinedSession(url, token, braneId)),
    );
    const listeners = await joinedSessions(origin, url, braneId, SOCKETS);
    const ours = new Ours(pidOf(gateway), braneId, objectId, editors, listeners);
    for (const editor of editors) {
      editor.listen((message) => {
        if (message.includes('system.error')) ours.refused ??= JSON.stringify(framesIn(message));
      });
    }
    return ours;
  }

  async round(rate: number): Promise<Round> {
    const [recorder] = this.listeners;
    if (!recorder) throw new Error('nobody listens');
    const edits = rate * SECONDS;
    const messages: Written[] = [];
    let start: number | undefined;
    let seen = 0;
    const before = new Map(this.listeners.map((listener) => [listener, listener.bytes]));
    recorder.listen((what) => {
      const now = performance.now();
      start ??= now;
      messages.push({ at: now - start, what });
      seen += framesIn(what).filter(({ type }) => type === 'brane.ops').length;
    });
    const editors = Math.ceil(rate / EDITS_PER_EDITOR);
    const perCpuSecond = await deliveriesPerCpuSecond(this.pid, this.listeners, edits, async () => {
      await pace(edits, rate, (turn) => this.edit(turn % editors));
      await until(() => seen === edits || this.refused, {
        timeoutMs: PATIENCE_MS,
        what: 'every edit has come back',
      });
      this.mustNotBeRefused();
      const bytes = messages.reduce((sum, { what }) => sum + what.length, 0);
      this.entryBytes = Math.round(bytes / edits);
      return (listener) => listener.bytes - (before.get(listener) ?? 0) === bytes;
    });
    recorder.listen(undefined);
    return { perCpuSecond, messages };
  }

  private edit(editor: number): void {
    const turn = (this.turns[editor] ?? 0) + 1;
    this.turns[editor] = turn;
    const value = `${editor}-${turn}`.padEnd(VALUE_CHARS, '.');
    const frame = {
      type: 'brane.edit',
      brane_id: this.braneId,
      op_id: asOpId(crypto.randomUUID()),
      client_seq: turn,
      ops: [{ op: 'update', id: this.objectId, set: { '/properties/c': value } }],
    } as const;
    this.editors[editor]?.send(encodeFrame(frame, 'cbor'));
  }

  /** A client that is silent is taken for dead. Ends when all are answered: a round counts every byte. */
  async stayWhile<T>(others: () => Promise<T>): Promise<T> {
    const sockets = [...this.editors, ...this.listeners];
    const ping = encodeFrame({ type: 'system.ping' }, 'cbor');
    let pings = 0;
    const before = sockets.map(({ messages }) => messages);
    const pingAll = (): void => {
      pings += 1;
      for (const socket of sockets) socket.send(ping);
    };
    // At once, too: several rounds may be shorter than the interval, and longer together than a server's patience.
    pingAll();
    const timer = setInterval(pingAll, PING_MS);
    try {
      return await others();
    } finally {
      clearInterval(timer);
      await until(() => sockets.every(({ messages }, index) => messages === (before[index] ?? 0) + pings), {
        timeoutMs: PATIENCE_MS,
        what: 'every ping is answered',
      });
    }
  }

  private mustNotBeRefused(): void {
    if (this.refused !== undefined) throw new Error(`refused: ${this.refused}`);
  }
}

/** A `ws` server that sends the messages which one socket of ours got, at the same moments, to as many sockets. */
class BareWs {
  private constructor(
    private readonly pid: number,
    private readonly sender: RawSocket,
    private readonly listeners: readonly RawSocket[],
  ) {}

  static async open({ pid, port }: RunningServer): Promise<BareWs> {
    const url = `ws://127.0.0.1:${port}/`;
    const listeners = await openAll(url, SOCKETS);
    return new BareWs(pid, await RawSocket.open(url), listeners);
  }

  round(rate: number, messages: readonly Written[]): Promise<number> {
    const before = new Map(this.listeners.map((listener) => [listener, listener.messages]));
    return deliveriesPerCpuSecond(this.pid, this.listeners, rate * SECONDS, async () => {
      await replay(messages, (what) => this.sender.send(what));
      return (listener) => listener.messages - (before.get(listener) ?? 0) === messages.length;
    });
  }
}

/** Socket.IO's packets as its client writes them (socket.io-protocol 5): it is its server that is measured. */
class SocketIo {
  private constructor(
    private readonly pid: number,
    private readonly sender: RawSocket,
    private readonly listeners: readonly RawSocket[],
  ) {}

  static async open({ pid, port }: RunningServer): Promise<SocketIo> {
    const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`;
    const sockets = await openAll(url, SOCKETS + 1);
    for (const socket of sockets) socket.send('40');
    await until(() => sockets.every(({ messages }) => messages === 2), { what: 'Socket.IO lets all in' });
    const [sender, ...listeners] = sockets;
    if (!sender) throw new Error('nobody sends');
    return new SocketIo(pid, sender, listeners);
  }

  round(rate: number): Promise<number> {
    const edits = rate * SECONDS;
    const packet = `42${JSON.stringify(['edit', ''.padEnd(ENTRY_BYTES, '.')])}`;
    const before = new Map(this.listeners.map((listener) => [listener, listener.messages]));
    return deliveriesPerCpuSecond(this.pid, this.listeners, edits, async () => {
      await pace(edits, rate, () => this.sender.send(packet));
      return (listener) => listener.messages - (before.get(listener) ?? 0) === edits;
    });
  }
}
