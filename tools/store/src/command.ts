import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { asBraneId, isUuid } from '@state-server/domain';
import { assertUnused, backupStore, prepareRestore, putInPlace, storeIn } from './backup-store';
import { guardedCheck } from './guarded-check';
import { repairStore } from './repair-store';
import { describeReport, faultLine, mebibytes } from './words';

export const HELP = `store: looks after the stored data

  store check                    verify every record, every index, and every brane against its log; works
                                 beside running services. Exit code 1 when something is wrong
  store backup DIR               copy the store into an empty folder; works beside running services
  store restore DIR              put a backup in place of the store, in new epochs, everybody signed out;
                                 the store that was there is kept beside it. Nothing may run
  store repair --brane ID        make the objects, members and indexes of a brane anew from its log.
                                 Nothing may run

  --data DIR     folder of the data; the store is DIR/store (.data unless told)
  --store DIR    folder of the store itself; in a container STORE_PATH says it
  --json         check: the report and every fault as one line of JSON each
`;

/** Faults that are printed; the rest is counted. */
const SHOWN = 200;
const write = (line: string): void => void process.stdout.write(`${line}\n`);

/** Answers the exit code: 0 well, 1 something is wrong with the data. Throws where it could not be done. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      data: { type: 'string' },
      store: { type: 'string' },
      brane: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const [name, folder, ...more] = positionals;
  const path = placeOf(values);
  if (more.length > 0) throw new Error(`unexpected argument '${more.join(' ')}'; ./dev store help`);
  switch (name) {
    case 'check':
      return check(path, values.json);
    case 'backup':
      return backup(path, needed(folder, 'backup'));
    case 'restore':
      return restore(path, needed(folder, 'restore'));
    case 'repair':
      return repair(path, values.brane);
    case undefined:
    case 'help':
      process.stdout.write(HELP);
      return 0;
    default:
      throw new Error(`there is no command '${name}'; ./dev store help`);
  }
}

function placeOf(values: {
  readonly data?: string | undefined;
  readonly store?: string | undefined;
}): string {
  if (values.store !== undefined) return resolve(values.store);
  if (values.data !== undefined) return resolve(storeIn(values.data));
  return resolve(process.env['STORE_PATH'] ?? storeIn('.data'));
}

function needed(folder: string | undefined, command: string): string {
  if (folder === undefined) throw new Error(`say which folder: store ${command} DIR`);
  return resolve(folder);
}

async function check(path: string, json: boolean): Promise<number> {
  const begun = performance.now();
  let shown = 0;
  const { report, faults } = await guardedCheck({
    path,
    onFault: (fault) => {
      shown += 1;
      if (json) write(JSON.stringify({ fault }));
      else if (shown <= SHOWN) write(faultLine(fault));
    },
  });
  const seconds = (performance.now() - begun) / 1_000;
  if (json) write(JSON.stringify({ ok: faults === 0, faults, seconds, report }));
  else {
    if (shown > SHOWN) write(`… and ${shown - SHOWN} more`);
    if (report) describeReport(report).forEach(write);
    const verdict =
      faults === 0 ? 'ok: nothing is wrong' : `${faults} faults: docs/guide/operations.md says what to do`;
    write(`${verdict} (${seconds.toFixed(1)} s)`);
  }
  return faults === 0 ? 0 : 1;
}

async function backup(path: string, into: string): Promise<number> {
  const bytes = await backupStore(path, into);
  const { faults } = await guardedCheck({ path: into, onFault: (fault) => write(faultLine(fault)) });
  write(
    `${mebibytes(bytes)} in ${into}; ${faults === 0 ? 'checked, nothing is wrong' : `${faults} faults in it`}`,
  );
  return faults === 0 ? 0 : 1;
}

async function restore(path: string, from: string): Promise<number> {
  await assertUnused(path);
  const { faults } = await guardedCheck({ path: from, onFault: (fault) => write(faultLine(fault)) });
  if (faults > 0) {
    write(`the backup has ${faults} faults: nothing was changed`);
    return 1;
  }
  const { draft, branes, users } = await prepareRestore(from, path);
  const before = putInPlace(draft, path);
  write(`restored: ${branes} branes in new epochs, ${users} users have to sign in again`);
  if (before !== undefined) write(`the store that was there is now ${before}`);
  return 0;
}

async function repair(path: string, brane: string | undefined): Promise<number> {
  if (!isUuid(brane)) throw new Error('say which brane: store repair --brane ID (store check names it)');
  await assertUnused(path);
  const { faults, written, removed, indexKeys } = await repairStore(path, asBraneId(brane));
  for (const fault of faults) write(faultLine(fault));
  write(
    `from its log: ${written} records written, ${removed} removed; ${indexKeys} keys of indexes put right`,
  );
  const left = await guardedCheck({ path, onFault: (fault) => write(faultLine(fault)) });
  write(left.faults === 0 ? 'ok: nothing is wrong any more' : `${left.faults} faults are left`);
  return left.faults === 0 ? 0 : 1;
}
