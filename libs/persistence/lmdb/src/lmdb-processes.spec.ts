import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { contractEnvironment } from '@state-server/persistence-contract';
import type { Store } from '@state-server/persistence-port';
import { nextInt, seededRandom, until } from '@state-server/testing';
import { openLmdbStore } from './lmdb-store';

const LABEL = { label: 'spec' };
const WORKSPACE = join(__dirname, '../../../..');
const KILLS = 24;
const LANES = ['a', 'b', 'c', 'd'];

interface Child {
  readonly process: ChildProcess;
  readonly messages: Record<string, unknown>[];
  readonly ended: Promise<number | null>;
}

describe('the embedded store with several processes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'store-processes-'));
  const script = join(folder, 'child.cjs');
  const children = new Set<ChildProcess>();
  let path = '';
  let store: Store;

  /** Starts src/testing/child.ts; `shell` stands before the command, to limit what it may use. */
  function start(task: readonly string[], shell?: string): Child {
    const command = [process.execPath, script, ...task];
    const child = spawn(...asArguments(command, shell), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, NODE_PATH: join(WORKSPACE, 'node_modules') },
    });
    children.add(child);
    const messages: Record<string, unknown>[] = [];
    let complaint = '';
    child.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
    child.on('message', (message) => messages.push(message as Record<string, unknown>));
    const ended = new Promise<number | null>((resolve) => {
      child.on('exit', (code) => {
        children.delete(child);
        if (code !== null && code !== 0) messages.push({ failed: complaint });
        resolve(code);
      });
    });
    return { process: child, messages, ended };
  }

  const valueOf = async (key: string): Promise<unknown> =>
    (await store.read(LABEL, (tx) => tx.get('meta', [key])))?.value;

  beforeAll(() => {
    execFileSync(process.execPath, [join(__dirname, '../testing/bundle-child.cjs'), script]);
  });

  beforeEach(async () => {
    path = mkdtempSync(join(folder, 'data-'));
    store = await openLmdbStore({ path, environment: contractEnvironment() });
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    await store.close();
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  it('counts exactly while three processes write the same record (STORE-5)', async () => {
    const others = [start(['count', path, 'shared', '200']), start(['count', path, 'shared', '200'])];
    for (let turn = 0; turn < 200; turn += 1) {
      await store.transact({ ...LABEL, maxRetries: 10_000, deadlineMs: 60_000 }, async (tx) => {
        const found = await tx.get('meta', ['shared']);
        tx.put('meta', { key: 'shared', value: Number(found?.value ?? 0) + 1 });
      });
    }
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([0, 0]);
    expect(await valueOf('shared')).toBe(600);
  }, 90_000);

  /** Every number that was acknowledged is there, and whatever is there is there as a whole. */
  async function verify(child: Child, name: string): Promise<void> {
    for (const lane of LANES.map((each) => `${name} ${each}`)) {
      const acknowledged = child.messages.filter((message) => message['lane'] === lane).length;
      const [left, large, right] = await Promise.all(
        ['left', 'large', 'right'].map((part) => valueOf(`${lane} ${part}`)),
      );
      const number = Number(left ?? 0);
      expect(number).toBeGreaterThanOrEqual(acknowledged);
      expect(right).toEqual(left);
      if (number === 0) continue;
      const bytes = large as Uint8Array;
      expect(bytes.every((byte) => byte === number % 256)).toBe(true);
      const marks = await store.read(LABEL, (tx) =>
        tx.range('meta', { prefix: [], gte: [`${lane} at `], lt: [`${lane} at~`], limit: 9 }),
      );
      expect(marks.map(({ value }) => value)).toEqual([number]);
    }
  }

  it(`loses nothing acknowledged and keeps no half when a writer is killed ${KILLS} times (STORE-4)`, async () => {
    const random = seededRandom(24);
    let successor = start(['write', path, 'writer 0']);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const victim = successor;
      // The next one writes at the same time and must survive the death of its neighbour inside a commit.
      successor = start(['write', path, `writer ${kill + 1}`]);
      const enough = 1 + nextInt(random, 40);
      await until(() => victim.messages.filter((message) => 'lane' in message).length >= enough, {
        everyMs: 1,
      });
      victim.process.kill('SIGKILL');
      expect(await victim.ended).toBeNull();
      await verify(victim, `writer ${kill}`);
      const before = successor.messages.length;
      await until(() => successor.messages.length > before, { what: 'the survivor goes on' });
      await store.transact(LABEL, async (tx) => tx.put('meta', { key: 'survivor', value: kill }));
    }
    successor.process.kill('SIGKILL');
    await successor.ended;
    const again = await openLmdbStore({ path, environment: contractEnvironment() });
    await again.check();
    await again.close();
  }, 180_000);

  it('answers `unavailable` when the disk is full, reads on, and recovers (STORE-16)', async () => {
    // A limit on the size of files stands for the disk; in blocks of 512 bytes, 2 MB.
    const child = start(['fill', path], "trap '' XFSZ; ulimit -S -f 4096;");
    expect(await child.ended).toBe(0);
    const result = child.messages.find((message) => 'code' in message);
    expect(result).toMatchObject({
      code: 'unavailable',
      after: { ready: 'fine', put: 'fine' },
    });
    expect(result?.['kept']).toBe(result?.['written']);
    expect(child.messages.at(-1)).toEqual({ unhandled: [] });
    expect(await valueOf('more')).toHaveLength(90_000);
  }, 60_000);
});

function asArguments(command: readonly string[], shell: string | undefined): [string, string[]] {
  if (shell === undefined) return [command[0] ?? '', command.slice(1)];
  return ['/bin/sh', ['-c', `${shell} exec "$@"`, 'sh', ...command]];
}
