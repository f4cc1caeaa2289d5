import { cpus, totalmem } from 'node:os';
import { runBareLmdb } from './src/durable-edits/bare-lmdb';
import { durableEdits } from './src/durable-edits/durable-edits';
import { editInLargeBrane } from './src/edit-in-large-brane';
import { editToPeer } from './src/edit-to-peer';
import { eventLoop } from './src/event-loop';
import { fanOut } from './src/fan-out';
import { describeFigure, type Figure } from './src/figure';
import { getObject } from './src/get-object';
import { hotReads } from './src/hot-reads';
import { idleMemory } from './src/idle-memory';
import { instantiate } from './src/instantiate';
import { joinStorm } from './src/join-storm';
import { protectedGet } from './src/protected-get';
import { regionInLargeBrane } from './src/region';
import { isServer } from './src/servers/start';
import { snapshotAt } from './src/snapshot-at';

const BENCHES: Readonly<
  Record<string, (say: (text: string) => void) => Promise<Figure | readonly Figure[]>>
> = {
  'durable-edits': durableEdits,
  'large-brane': editInLargeBrane,
  'fan-out': fanOut,
  'edit-to-peer': editToPeer,
  'get-object': getObject,
  'hot-reads': hotReads,
  'protected-get': protectedGet,
  'idle-memory': idleMemory,
  'join-storm': joinStorm,
  instantiate,
  'event-loop': eventLoop,
  region: regionInLargeBrane,
  'snapshot-at': snapshotAt,
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
  if (unknown.length > 0) {
    throw new Error(`unknown: ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`);
  }
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  process.stdout.write(
    `${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${memory} GiB, Node ${process.version}\n`,
  );
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const figures = await bench((text) => process.stderr.write(`… ${text}\n`));
    for (const figure of [figures].flat()) process.stdout.write(`\n${describeFigure(figure)}\n`);
  }
}

if (process.argv.includes('--bare-lmdb')) {
  runBareLmdb();
} else if (!isServer(process.argv.slice(2))) {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    },
  );
}
