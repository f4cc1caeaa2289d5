import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { asBraneId, isUuid } from '@state-server/domain';
import { assertUnused, backupStore, prepareRestore, putInPlace, storeIn } from './backup-store';
import { checkRecords, type CheckRecordsOptions, type Fault } from './check-store';
import { type Checked, guardedCheck } from './guarded-check';
import { copy, type CopyCommand, migrate, readOnly, type ReadOnlyCommand } from './move-store';
import { openKv, parsePlace, type Place, placeByVariables, wordsOf } from './place';
import { repairStore } from './repair-store';
import { describeReport, faultLine, mebibytes } from './words';

export const HELP = `store: looks after the stored data

  store check                    which store it is, and: verify every record, every index, and every brane against
                                 its log; works beside running services. Exit code 1 when something is wrong
  store migrate [--dry-run]      bring an older format up, or only say what would be done
  store copy --from PLACE --to PLACE
                                 move all data into an empty store, compared at the end. The source is closed to
                                 writers meanwhile and stays so. Ended at any moment, it goes on where it was
  store read-only [on|off]       whether the store is closed to writers; close it (--reason WORDS); open it

The embedded store alone:
  store backup DIR               copy the store into an empty folder; works beside running services
  store restore DIR              put a backup in place of the store, in new epochs, everybody signed out;
                                 the store that was there is kept beside it. Nothing may run
  store repair --brane ID        make the objects, members and indexes of a brane anew from its log.
                                 Nothing may run

  --at PLACE     lmdb:DIR, mongodb://…, fdb:CLUSTERFILE#DIRECTORY, or env:NAME of a variable that says one.
                 Without it the store of the services: FDB_ENABLED, MONGODB_URI, STORE_PATH
  --data DIR     folder of the data; the embedded store is DIR/store (.data unless told)
  --store DIR    folder of the embedded store itself
  --writer-lifetime SECONDS
                 copy: how long a transaction may live in a MongoDB that was set to more than 60 s
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
      at: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      reason: { type: 'string', default: 'somebody looks after it' },
      'dry-run': { type: 'boolean', default: false },
      'writer-lifetime': { type: 'string' },
    },
  });
  const [name, folder, ...more] = positionals;
  const place = placeOf(values);
  if (more.length > 0) throw new Error(`unexpected argument '${more.join(' ')}'; ./dev store help`);
  switch (name) {
    case 'check':
      return check(place, values.json);
    case 'migrate':
      await migrate(place, values['dry-run'], write);
      return 0;
    case 'copy':
      await copy(copyOf(values), write);
      return 0;
    case 'read-only':
      await readOnly(place, switchOf(folder), values.reason, write);
      return 0;
    case 'backup':
      return backup(embedded(place), needed(folder, 'backup'));
    case 'restore':
      return restore(embedded(place), needed(folder, 'restore'));
    case 'repair':
      return repair(embedded(place), values.brane);
    case undefined:
    case 'help':
      process.stdout.write(HELP);
      return 0;
    default:
      throw new Error(`there is no command '${name}'; ./dev store help`);
  }
}

interface Values {
  readonly at?: string | undefined;
  readonly data?: string | undefined;
  readonly store?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly 'writer-lifetime'?: string | undefined;
}

function placeOf(values: Values): Place {
  if (values.at !== undefined) return parsePlace(values.at);
  if (values.store !== undefined) return { kind: 'lmdb', path: resolve(values.store) };
  if (values.data !== undefined) return { kind: 'lmdb', path: resolve(storeIn(values.data)) };
  return placeByVariables(process.env, storeIn('.data'));
}

function copyOf({ from, to, 'writer-lifetime': seconds }: Values): CopyCommand {
  if (from === undefined || to === undefined) throw new Error('say both: store copy --from PLACE --to PLACE');
  const places = { from: parsePlace(from), to: parsePlace(to) };
  if (seconds === undefined) return places;
  const ms = Number(seconds) * 1_000;
  if (!(ms >= 0)) throw new Error('--writer-lifetime is a number of seconds');
  return { ...places, writerLifetimeMs: ms };
}

function switchOf(word: string | undefined): ReadOnlyCommand {
  if (word === undefined) return 'show';
  if (word === 'on' || word === 'off') return word;
  throw new Error(`read-only is on or off, not '${word}'`);
}

/** The other stores have tools of their own for backups, made by those who know them. */
function embedded(place: Place): string {
  if (place.kind === 'lmdb') return place.path;
  throw new Error(`only the embedded store is backed up, restored and repaired here, not ${wordsOf(place)}`);
}

function needed(folder: string | undefined, command: string): string {
  if (folder === undefined) throw new Error(`say which folder: store ${command} DIR`);
  return resolve(folder);
}

async function check(place: Place, json: boolean): Promise<number> {
  const begun = performance.now();
  let shown = 0;
  const { report, faults } = await checkAt(place, {
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

/** Only a file can end whoever reads it: all else is checked in this process. */
async function checkAt(place: Place, options: CheckRecordsOptions): Promise<Checked> {
  if (place.kind === 'lmdb') return guardedCheck({ path: place.path, ...options });
  let faults = 0;
  const kv = await openKv(place);
  try {
    const onFault = (fault: Fault): void => {
      faults += 1;
      options.onFault(fault);
    };
    const found = await checkRecords(kv, { ...options, onFault });
    return { report: { path: wordsOf(place), ...found }, faults };
  } finally {
    await kv.close();
  }
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
