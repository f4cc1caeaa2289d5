import { asOpId } from '@state-server/domain';
import { encodeFrame } from '@state-server/protocol';
import { until } from '@state-server/testing';
import { open } from 'lmdb';
import type { Figure } from './figure';
import { pace } from './load/pace';
import type { RawSocket } from './load/raw-socket';
import { framesIn, joinedSession, newBrane, signIn } from './load/session';
import { withSystem } from './load/system';
import { inFolder } from './write-path';

const RATE = 100;
const SECONDS = 4;
const ROUNDS = 3;
/** Each sends half of what one session may. */
const EDITORS = 2;
/** What one edit writes: log entry, object, record of its op id, head; bytes as measured. */
const RECORD_BYTES = [420, 420, 260, 220] as const;
const VALUE_CHARS = 40;

/** Milliseconds, in the order in which they were measured. */
type Times = readonly number[];

/** From an edit's departure to its arrival at a peer, durable, through the origin; against what none of that can do without. */
export async function editToPeer(say: (text: string) => void): Promise<readonly Figure[]> {
  return withSystem(({ origin }) =>
    inFolder(async (folder) => {
      const ours = await Ours.open(origin);
      const bare = new Bare(folder, ours.peer);
      const results: { ours: Times; theirs: Times }[] = [];
      // The first round of each is not counted: servers compile their code once.
      for (let round = 0; round <= ROUNDS; round += 1) {
        say(`edit to peer at ${RATE} edits/s, round ${round} of ${ROUNDS}`);
        const run = { ours: await ours.round(), theirs: await bare.round() };
        if (round > 0) results.push(run);
      }
      await bare.close();
      return [0.5, 0.99].map((share) => ({
        name: `Edit → durable → on a peer's socket, through the origin, at ${RATE} edits/s, p${share * 100}`,
        unit: 'ms',
        peer: 'one durable lmdb commit of records as long, then one WebSocket echo through the same origin',
        ours: results.map((run) => quantile(run.ours, share)),
        theirs: results.map((run) => quantile(run.theirs, share)),
      }));
    }),
  );
}

function quantile(times: Times, share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

class Ours {
  private readonly sent = new Map<unknown, number>();
  private times: number[] = [];
  private readonly seqs = new Map<RawSocket, number>();

  private constructor(
    private readonly editors: readonly RawSocket[],
    readonly peer: RawSocket,
    private readonly ids: Awaited<ReturnType<typeof newBrane>>,
  ) {}

  static async open(origin: string): Promise<Ours> {
    const url = `${origin.replace(/^http/, 'ws')}/ws`;
    const token = await signIn(origin, 'Editor');
    const ids = await newBrane(origin, token);
    const join = (): Promise<RawSocket> => joinedSession(url, token, ids.braneId);
    const editors = await Promise.all(Array.from({ length: EDITORS }, join));
    return new Ours(editors, await join(), ids);
  }

  async round(): Promise<Times> {
    this.times = [];
    const edits = RATE * SECONDS;
    this.peer.listen((message) => {
      const now = performance.now();
      for (const frame of framesIn(message)) this.arrived(frame, now);
    });
    await pace(edits, RATE, (turn) => this.edit(turn));
    await until(() => this.times.length === edits, { timeoutMs: 30_000, what: 'all edits at the peer' });
    this.peer.listen(undefined);
    return this.times;
  }

  private arrived(frame: ReturnType<typeof framesIn>[number], now: number): void {
    if (frame.type === 'system.error') throw new Error(`refused: ${JSON.stringify(frame)}`);
    const at = this.sent.get(frame['op_id']);
    if (frame.type === 'brane.ops' && at !== undefined) this.times.push(now - at);
  }

  private edit(turn: number): void {
    const editor = this.editors[turn % EDITORS];
    if (!editor) return;
    const client_seq = (this.seqs.get(editor) ?? 0) + 1;
    this.seqs.set(editor, client_seq);
    const op_id = asOpId(crypto.randomUUID());
    const { braneId, objectId } = this.ids;
    const set = { '/properties/c': `${client_seq}`.padEnd(VALUE_CHARS, '.') };
    const ops = [{ op: 'update', id: objectId, set }] as const;
    const frame = encodeFrame({ type: 'brane.edit', brane_id: braneId, op_id, client_seq, ops }, 'cbor');
    this.sent.set(op_id, performance.now());
    editor.send(frame);
  }
}

/** What an edit cannot do without: its records on the disk, and the way through the origin and back. */
class Bare {
  private readonly db;
  private counter = 0;

  constructor(
    folder: string,
    private readonly socket: RawSocket,
  ) {
    this.db = open({ path: folder, keyEncoding: 'binary', encoding: 'binary', overlappingSync: false });
  }

  async round(): Promise<Times> {
    const times: number[] = [];
    const runs: Promise<void>[] = [];
    const waiting: (() => void)[] = [];
    this.socket.listen((message) => {
      for (const frame of framesIn(message)) if (frame.type === 'system.pong') waiting.shift()?.();
    });
    await pace(RATE * SECONDS, RATE, () => {
      const start = performance.now();
      const run = this.commit().then(async () => {
        const echoed = new Promise<void>((resolve) => waiting.push(resolve));
        this.socket.send(encodeFrame({ type: 'system.ping' }, 'cbor'));
        await echoed;
        times.push(performance.now() - start);
      });
      runs.push(run);
    });
    await Promise.all(runs);
    this.socket.listen(undefined);
    return times;
  }

  close(): Promise<void> {
    return this.db.close();
  }

  private async commit(): Promise<void> {
    await this.db.transaction(() => {
      for (const bytes of RECORD_BYTES) {
        const key = Buffer.alloc(40);
        key.writeBigUInt64BE(BigInt((this.counter += 1)), 32);
        void this.db.put(key, Buffer.alloc(bytes, this.counter));
      }
    });
  }
}
