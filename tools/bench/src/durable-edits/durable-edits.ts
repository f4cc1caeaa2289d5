import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DevSystem, freePort } from '@state-server/testing';
import type { Figure } from '../figure';
import { inFolder } from '../write-path';
import type { BareLmdbAnswer, BareLmdbOrder } from './bare-lmdb';
import { Editors, type EditorsPlan, type GatewayProcess, type Measured } from './editors';

const EDITORS = 64;
const BRANES = 8;
const AT_ONCE = 8;
const ROUND_MS = 3_000;
const ROUNDS = 3;
/** Nobody is to be slowed down by the limits of one session. */
const NO_LIMITS = {
  EDITS_PER_SECOND: '100000',
  FRAMES_PER_SECOND: '100000',
  SESSIONS_PER_USER: '1000',
  USER_EDITS_PER_SECOND: '100000',
  ADDRESS_EDITS_PER_SECOND: '100000',
  BRANE_EDITS_PER_SECOND: '100000',
  LOG_LEVEL: 'warn',
};

type Say = (text: string) => void;
type Gateways = readonly [GatewayProcess, GatewayProcess];

interface Recording {
  readonly file: string;
  /** The store's folder as it was before. */
  readonly store: string;
  readonly edits: number;
}

/**
 * Durable edits through WebSocket, per CPU-second of the gateways: against a bare program with lmdb that makes the very same
 * writes in the same transactions, all editors in one brane against eight, and two gateways on one brane against one.
 */
export function durableEdits(say: Say): Promise<readonly Figure[]> {
  return inFolder(async (folder) => {
    say('durable edits: recording what a gateway writes');
    const recording = await record(folder);
    const eight: number[] = [];
    const one: number[] = [];
    const two: number[] = [];
    const bare: number[] = [];
    await withSystem(join(folder, 'measured'), NO_LIMITS, async (origin, gateways) => {
      const [first] = gateways;
      await editAll({ ...planOf(origin, BRANES), gateways: [first] });
      for (let round = 1; round <= ROUNDS; round += 1) {
        say(`durable edits, round ${round} of ${ROUNDS}`);
        eight.push(perCpuSecond(await editAll({ ...planOf(origin, BRANES), gateways: [first] })));
        bare.push(recording.edits / (await replayBare(folder, recording)));
        one.push(perCpuSecond(await editAll({ ...planOf(origin, 1), gateways: [first] })));
        two.push(perCpuSecond(await editAll({ ...planOf(origin, 1), gateways })));
      }
    });
    const unit = 'edits per CPU-second of the server';
    const name = `Durable edits through WebSocket: ${EDITORS} clients`;
    return [
      {
        ...{ name: `${name} in ${BRANES} branes`, unit, ours: eight, theirs: bare },
        peer: 'bare lmdb, the same writes in the same transactions',
      },
      { name: `${name} in one brane`, unit, peer: `in ${BRANES} branes`, ours: one, theirs: eight },
      { name: `${name} in one brane on two gateways`, unit, peer: 'on one', ours: two, theirs: one },
    ];
  });
}

const planOf = (origin: string, branes: number): Omit<EditorsPlan, 'gateways'> => ({
  ...{ origin, branes, editors: EDITORS, atOnce: AT_ONCE },
});

const perCpuSecond = ({ edits, cpuSeconds }: Measured): number => edits / cpuSeconds;

async function editAll(plan: EditorsPlan): Promise<Measured> {
  const editors = await Editors.open(plan);
  try {
    return await editors.measure(ROUND_MS);
  } finally {
    editors.close();
  }
}

/** What the gateway of a run of its own has written, and the store as it was before: recording costs time. */
async function record(folder: string): Promise<Recording> {
  const [writes, file, store] = ['all-writes', 'writes', 'store'].map((name) => join(folder, name));
  if (!writes || !file || !store) throw new Error('three paths');
  const preload = join(process.cwd(), 'tools/bench/src/durable-edits/record-writes.cjs');
  const settings = { ...NO_LIMITS, NODE_OPTIONS: `--require=${preload}`, WRITES_FILE: writes };
  const data = join(folder, 'recorded');
  const edits = await withSystem(data, settings, async (origin, [gateway]) => {
    const editors = await Editors.open({ ...planOf(origin, BRANES), gateways: [gateway] });
    cpSync(join(data, 'store', 'data.mdb'), join(store, 'data.mdb'));
    const from = statSync(writes).size;
    const before = editors.acks();
    await editors.measure(ROUND_MS);
    writeFileSync(file, readFileSync(writes).subarray(from));
    editors.close();
    return editors.acks() - before;
  });
  rmSync(data, { recursive: true, force: true });
  return { file, store, edits };
}

/** CPU-seconds. */
async function replayBare(folder: string, recording: Recording): Promise<number> {
  const stores = [join(folder, 'warm'), join(folder, 'cold')] as const;
  for (const copy of stores) {
    if (existsSync(copy)) rmSync(copy, { recursive: true });
    cpSync(recording.store, copy, { recursive: true });
  }
  const program = fork(process.argv[1] ?? '', ['--bare-lmdb']);
  try {
    const order: BareLmdbOrder = { recording: recording.file, stores };
    program.send(order);
    const [answer] = (await once(program, 'message')) as [BareLmdbAnswer];
    return answer.cpuSeconds;
  } finally {
    program.disconnect();
    await once(program, 'exit');
  }
}

/** A system of its own with two gateways; its processes get these settings. */
async function withSystem<T>(
  data: string,
  settings: Readonly<Record<string, string>>,
  run: (origin: string, gateways: Gateways) => Promise<T>,
): Promise<T> {
  const system = new DevSystem({ root: process.cwd(), port: 10_000 + ((await freePort()) % 20_000), data });
  const before = { ...process.env };
  Object.assign(process.env, settings);
  try {
    const { origin } = await system.start(2);
    return await run(origin, [await gateway(system, 1), await gateway(system, 2)]);
  } finally {
    process.env = before;
    await system.stop();
  }
}

async function gateway(system: DevSystem, number: number): Promise<GatewayProcess> {
  const { url, pid } = await system.service(`sync-gateway-${number}`);
  if (pid === null) throw new Error(`gateway ${number} does not run`);
  return { url, pid };
}
