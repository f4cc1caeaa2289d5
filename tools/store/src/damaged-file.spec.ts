import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LmdbKv, storeFileIn } from '@state-server/persistence-lmdb';
import { COLLECTIONS, type CollectionName, type Key } from '@state-server/persistence-port';
import { inspectRecords } from '@state-server/persistence-records';
import { nextInt, seededRandom, until } from '@state-server/testing';
import { assertUnused } from './backup-store';
import type { Fault } from './check-store';
import { environment } from './environment';
import { guardedCheck } from './guarded-check';
import type { KnownRecord, Reading } from './testing/damage-reader';
import { digestOf } from './testing/digest';
import { fillStore } from './testing/filled-store';

const ROOT = join(__dirname, '../../..');
/** Longer than any of these reads takes on a busy machine. */
const SILENT_MS = 20_000;
const FLIPS = Number(process.env['STORE_FLIPS'] ?? 120);

let folder: string;
let program: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'store-damage-'));
  // The tool as one file that plain Node runs.
  execFileSync(process.execPath, ['tools/dev/run.mjs', 'tools/store/main.ts', 'help'], { cwd: ROOT });
  program = join(ROOT, 'dist/tools/store/main.cjs');
});
afterAll(() => {
  reader?.child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** One process reads many damaged stores; one that a store has ended is replaced. */
let reader: { readonly child: ChildProcess; readonly lines: string[] } | undefined;

function startReader(known: string): NonNullable<typeof reader> {
  const args = ['tools/dev/run.mjs', 'tools/store/src/testing/damage-reader.ts', known];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['pipe', 'pipe', 'ignore'] });
  const lines: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return { child, lines };
}

async function readDamaged(known: string, path: string): Promise<Reading | 'ended'> {
  if (!reader || reader.child.exitCode !== null || reader.child.signalCode !== null)
    reader = startReader(known);
  const { child, lines } = reader;
  child.stdin?.write(`${path}\n`);
  const outcome = await until(
    () => lines.shift() ?? (child.exitCode !== null || child.signalCode !== null ? 'ended' : undefined),
    { timeoutMs: SILENT_MS },
  ).catch(() => {
    child.kill('SIGKILL');
    return 'ended';
  });
  return outcome === 'ended' ? 'ended' : (JSON.parse(outcome) as Reading);
}

/** A store with work in it, closed, and all of its records. */
async function goodStore(): Promise<{
  readonly path: string;
  readonly known: string;
  readonly records: number;
}> {
  const filled = await fillStore({ path: join(folder, 'good'), edits: 100 });
  await filled.store.close();
  const records: KnownRecord[] = [];
  const kv = new LmdbKv({ path: filled.path, environment });
  await inspectRecords(kv, {
    onFault: (fault) => expect(fault).toBeUndefined(),
    onRecord: (collection, document) => {
      records.push({ collection, key: keyOf(collection, document), digest: digestOf(document) });
    },
  });
  await kv.close();
  const known = join(folder, 'known.json');
  writeFileSync(known, JSON.stringify(records));
  return { path: filled.path, known, records: records.length };
}

function keyOf(collection: CollectionName, document: Readonly<Record<string, unknown>>): Key {
  return COLLECTIONS[collection].key.map((field) => document[field] as string | number);
}

function damagedCopy(path: string, damage: (bytes: Buffer) => Buffer): string {
  const copy = join(folder, 'damaged');
  rmSync(copy, { recursive: true, force: true });
  mkdirSync(copy);
  writeFileSync(storeFileIn(copy), damage(readFileSync(storeFileIn(path))));
  return copy;
}

describe('a damaged store file (STORE-18, P3)', () => {
  it(`is found out or does no harm, wherever ${FLIPS} bits flip and wherever it is cut off`, async () => {
    const begun = performance.now();
    const { path, known, records } = await goodStore();
    const random = seededRandom(20_261_121);
    const bytes = readFileSync(storeFileIn(path)).byteLength;
    const said = { harmless: 0, byReading: 0, byCheck: 0, ended: 0, refused: 0 };
    const bad: string[] = [];

    // A reader that has read damaged files before may end of what those have left in its memory: a new one decides.
    const readTwice = async (copy: string): ReturnType<typeof readDamaged> => {
      const first = await readDamaged(known, copy);
      return first === 'ended' ? readDamaged(known, copy) : first;
    };

    const judge = async (what: string, copy: string): Promise<void> => {
      const reading = await readTwice(copy);
      if (reading === 'ended') {
        // Whoever reads it is ended by it: the check, too, and says so in words.
        const faults: Fault[] = [];
        await guardedCheck({
          path: copy,
          program,
          onFault: (fault) => faults.push(fault),
          silentMs: SILENT_MS,
        });
        if (faults.some(({ message }) => message.includes('restore a backup'))) said.ended += 1;
        else bad.push(`${what}: the reader ended, and the check found ${JSON.stringify(faults)}`);
        return;
      }
      const { refused, same, wrong, faults } = reading;
      if (refused !== undefined) said.refused += 1;
      else if (wrong.length > 0) bad.push(`${what}: served wrong: ${wrong.join(', ')}`);
      else if (reading.errors > 0) said.byReading += 1;
      else if (faults.length > 0) said.byCheck += 1;
      else if (same === records) said.harmless += 1;
      if (same < records && faults.length === 0)
        bad.push(`${what}: ${records - same} records lost, unnoticed`);
    };

    for (let flip = 0; flip < FLIPS; flip += 1) {
      // A tenth of them where it hurts most: in the two root pages.
      const place =
        flip % 10 === 0 ? nextInt(random, 2) * 8_192 + nextInt(random, 168) : nextInt(random, bytes);
      const bit = nextInt(random, 8);
      const copy = damagedCopy(path, (whole) => {
        whole[place] = (whole[place] ?? 0) ^ (1 << bit);
        return whole;
      });
      await judge(`bit ${bit} of byte ${place}`, copy);
    }
    for (const share of [0, 0.001, 0.01, 0.2, 0.5, 0.8, 0.95, 0.999]) {
      const copy = damagedCopy(path, (whole) => whole.subarray(0, Math.floor(bytes * share)));
      await judge(`cut off at ${share}`, copy);
    }
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
    process.stdout.write(
      `  ${FLIPS} flips and 8 cuts in ${(bytes / 2 ** 20).toFixed(1)} MiB, ${records} records, ${seconds} s: ${JSON.stringify(said)}\n`,
    );
    expect(bad).toEqual([]);
    expect(said.byReading).toBeGreaterThan(FLIPS / 10);
  }, 240_000);
});

describe('the check in a process of its own (STORE-18)', () => {
  it('finds nothing while edits are committed, and knows who else uses the store', async () => {
    const filled = await fillStore({ path: join(folder, 'busy') });
    let edits = 0;
    let isOver = false;
    const working = (async () => {
      for (; !isOver; edits += 1) await filled.edit();
    })();
    const faults: Fault[] = [];
    for (let times = 0; times < 3; times += 1) {
      const { report } = await guardedCheck({
        path: filled.path,
        program,
        onFault: (fault) => faults.push(fault),
      });
      expect(report?.branes).toHaveLength(3);
    }
    isOver = true;
    await working;
    expect(faults).toEqual([]);
    expect(edits).toBeGreaterThan(20);
    // To another process, ours is one that uses it.
    const args = [program, 'repair', '--brane', filled.branes[0] ?? '', '--store', filled.path];
    const run = (): string => execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe' });
    expect(run).toThrow(`processes use the store (${process.pid})`);
    await filled.store.close();
    await assertUnused(filled.path);
    expect(run()).toContain('nothing is wrong any more');
  });

  it('says in words that the walk goes round in circles, and that there is no store', async () => {
    const silent = join(folder, 'silent.cjs');
    writeFileSync(silent, 'process.on("message", () => undefined); setInterval(() => undefined, 1_000);');
    const faults: Fault[] = [];
    const onFault = (fault: Fault): void => void faults.push(fault);
    await guardedCheck({ path: join(folder, 'good'), program: silent, onFault, silentMs: 200 });
    expect(faults).toEqual([
      expect.objectContaining({ message: expect.stringContaining('round in circles') as string }),
    ]);
    await expect(guardedCheck({ path: join(folder, 'nothing'), program, onFault })).rejects.toThrow(
      'no store',
    );
  });

  it('has exit codes for scripts: 0 well, 1 damaged, 2 not done', async () => {
    const filled = await fillStore({ path: join(folder, 'codes'), edits: 10 });
    await filled.store.close();
    const codeOf = (path: string): number => {
      try {
        execFileSync(process.execPath, [program, 'check', '--store', path], { stdio: 'pipe' });
        return 0;
      } catch (error) {
        return (error as { status: number }).status;
      }
    };
    expect(codeOf(filled.path)).toBe(0);
    const cut = damagedCopy(filled.path, (whole) => whole.subarray(0, whole.byteLength >> 1));
    expect(codeOf(cut)).toBe(1);
    expect(codeOf(join(folder, 'nothing'))).toBe(2);
  });
});
