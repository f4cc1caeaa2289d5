import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asObjectId, asOpId, type BraneId, type ClientOp, type ObjectId } from '@state-server/domain';
import { encodeFrame } from '@state-server/protocol';
import { sumCounter, until } from '@state-server/testing';
import { cpuSecondsOf } from './cpu';
import type { Figure } from './figure';
import { RawSocket } from './load/raw-socket';
import { addressOf, joinedSession, newBrane, openSession, SESSIONS_PER_USER, signIn } from './load/session';
import { pidOf, type RunningSystem, withSystem } from './load/system';
import { LENGTH_BYTES } from './servers/bare-storm';
import { type RunningServer, withServer } from './servers/start';
import { inFolder } from './write-path';

const OBJECTS = 10_000;
const GROUPS = 20;
const SOCKETS = 200;
const ROUNDS = 3;
const EDITS_PER_SECOND = 200;
/** Editing begins so long before, ms. */
const LEAD_MS = 1_000;
/** Creates of one edit: what fits into its 64 KiB. */
const OPS_PER_EDIT = 200;
const SYNCED = Buffer.from('brane.synced');
const TIMEOUT_MS = 120_000;

interface Storm {
  readonly ms: number;
  readonly cpuSeconds: number;
  /** What one of those who joined was sent, until it had the whole state. */
  readonly messages: readonly Buffer[];
  readonly editsPerSecond: number;
}

/** 200 clients join one brane at once while it is edited, against a bare server that writes them the same bytes. */
export function joinStorm(say: (text: string) => void): Promise<readonly Figure[]> {
  return withSystem((system) =>
    withServer('bare-storm', (bare) =>
      withServer('editors', (editors) =>
        inFolder((folder) => compare({ system, bare, editors, folder }, say)),
      ),
    ),
  );
}

interface Bench {
  readonly system: RunningSystem;
  readonly bare: RunningServer;
  readonly editors: RunningServer;
  readonly folder: string;
}

async function compare(
  { system, bare, editors, folder }: Bench,
  say: (text: string) => void,
): Promise<readonly Figure[]> {
  say(`building a brane of ${OBJECTS} objects`);
  const brane = await Brane.build(system, editors);
  const wall = { ours: [] as number[], theirs: [] as number[] };
  const cpu = { ours: [] as number[], theirs: [] as number[] };
  let bytes = 0;
  // The first round is not counted: a server compiles its code once.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const ours = await brane.storm();
    const theirs = await bareStormOf(bare, folder, round, ours.messages);
    bytes = ours.messages.reduce((sum, { length }) => sum + length, 0);
    say(
      `join storm, round ${round} of ${ROUNDS}: ${Math.round(ours.ms)} ms at ${Math.round(ours.editsPerSecond)} edits/s, ` +
        `${Math.round(theirs.ms)} ms bare, ${bytes} bytes each`,
    );
    if (round === 0) continue;
    wall.ours.push(ours.ms);
    wall.theirs.push(theirs.ms);
    cpu.ours.push(ours.cpuSeconds);
    cpu.theirs.push(theirs.cpuSeconds);
  }
  const name =
    `Join storm: ${SOCKETS} clients join a brane of ${OBJECTS} objects at once (${(bytes / 1e6).toFixed(1)} MB each), ` +
    `edited at ${EDITS_PER_SECOND}/s`;
  const peer = 'bare ws that writes the same messages, and nothing is edited';
  return [
    { name, unit: 'ms until the last has the whole state', peer, ...wall },
    { name, unit: 'CPU-seconds of the server', peer, ...cpu },
  ];
}

class Brane {
  private constructor(
    private readonly url: string,
    private readonly pid: number,
    private readonly id: BraneId,
    private readonly tokens: readonly string[],
    private readonly editors: RunningServer,
  ) {}

  static async build({ origin, gateway, jobs }: RunningSystem, editors: RunningServer): Promise<Brane> {
    const url = `${gateway.url.replace(/^http/, 'ws')}/ws`;
    const token = await signIn(origin, 'Editor');
    const { braneId } = await newBrane(origin, token);
    const builder = await joinedSession(url, token, braneId);
    const tokens: string[] = [];
    for (let user = 0; user < SOCKETS / SESSIONS_PER_USER; user += 1)
      tokens.push(await signIn(origin, `Listener ${user}`, addressOf(user)));
    const newId = (): ObjectId => asObjectId(crypto.randomUUID());
    const groups = Array.from({ length: GROUPS }, newId);
    // The brane has its root and one block already.
    const blocks = Array.from({ length: OBJECTS - GROUPS - 2 }, newId);
    const creates = [
      ...groups.map((id): ClientOp => ({ op: 'create', object: { kind: 'group', id, parent_id: braneId } })),
      ...blocks.map((id, index): ClientOp => {
        const parent_id = groups[index % GROUPS] ?? braneId;
        return { op: 'create', object: { kind: 'block', id, parent_id } };
      }),
    ];
    for (let start = 0; start < creates.length; start += OPS_PER_EDIT)
      await create(builder, braneId, start / OPS_PER_EDIT + 1, creates.slice(start, start + OPS_PER_EDIT));
    builder.close();
    // As it is with a brane that has been there for a minute.
    await until(async () => checkpoints(await (await fetch(jobs.metrics ?? '')).text()) > 0, {
      timeoutMs: TIMEOUT_MS,
      what: 'the first checkpoint',
    });
    editors.send({ url, token, braneId, blocks, perSecond: EDITS_PER_SECOND });
    await editors.answer();
    return new Brane(url, pidOf(gateway), braneId, tokens, editors);
  }

  async storm(): Promise<Storm> {
    const sockets = await Promise.all(
      Array.from({ length: SOCKETS }, (_, index) =>
        openSession(this.url, this.tokens[index % this.tokens.length] ?? ''),
      ),
    );
    const messages: Buffer[] = [];
    const before = await this.beginOrPause();
    // The brane is in use already when they all come.
    await new Promise((resolve) => setTimeout(resolve, LEAD_MS));
    try {
      const cpu = cpuSecondsOf(this.pid);
      const started = performance.now();
      const frame = encodeFrame({ type: 'brane.join', brane_id: this.id }, 'cbor');
      const all = sockets.map((socket, index) => {
        const complete = socket.next((message) => {
          if (index === 0) messages.push(message);
          return message.includes(SYNCED);
        });
        socket.send(frame);
        return complete;
      });
      await Promise.all(all);
      const ms = performance.now() - started;
      const cpuSeconds = cpuSecondsOf(this.pid) - cpu;
      const after = await this.beginOrPause();
      return { ms, cpuSeconds, messages, editsPerSecond: ((after - before) * 1_000) / (ms + LEAD_MS) };
    } finally {
      for (const socket of sockets) socket.close();
    }
  }

  /** Answers how many edits there were so far. */
  private async beginOrPause(): Promise<number> {
    const answer = this.editors.answer();
    this.editors.send({});
    return (await answer) as number;
  }
}

async function create(
  socket: RawSocket,
  brane_id: BraneId,
  client_seq: number,
  ops: readonly ClientOp[],
): Promise<void> {
  const acknowledged = socket.next((message) => {
    if (message.includes('system.error')) throw new Error(message.toString('latin1'));
    return message.includes('brane.ack');
  });
  const op_id = asOpId(crypto.randomUUID());
  socket.send(encodeFrame({ type: 'brane.edit', brane_id, op_id, client_seq, ops }, 'cbor'));
  await acknowledged;
}

function checkpoints(page: string): number {
  const built = page.split('\n').filter((line) => line.includes('outcome="built"'));
  return sumCounter(built, 'checkpoints_total');
}

async function bareStormOf(
  { pid, port }: RunningServer,
  folder: string,
  round: number,
  messages: readonly Buffer[],
): Promise<Omit<Storm, 'messages' | 'editsPerSecond'>> {
  const file = join(folder, `round-${round}`);
  writeFileSync(
    file,
    Buffer.concat(
      messages.flatMap((message) => {
        const length = Buffer.alloc(LENGTH_BYTES);
        length.writeUInt32BE(message.length);
        return [length, message];
      }),
    ),
  );
  const url = `ws://127.0.0.1:${port}/`;
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => RawSocket.open(url)));
  const [first, ...others] = sockets;
  if (!first) throw new Error('nobody joins');
  // It has read the file when the first has all of it.
  const ready = first.next((message) => message.includes(SYNCED));
  first.send(`join ${file}`);
  await ready;
  const again = [await RawSocket.open(url), ...others];
  const cpu = cpuSecondsOf(pid);
  const started = performance.now();
  const all = again.map((socket) => {
    const complete = socket.next((message) => message.includes(SYNCED));
    socket.send(`join ${file}`);
    return complete;
  });
  await Promise.all(all);
  const ms = performance.now() - started;
  for (const socket of [first, ...again]) socket.close();
  return { ms, cpuSeconds: cpuSecondsOf(pid) - cpu };
}
