import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commonFields, defineConfig, loadConfig, storeChoice } from '@state-server/platform';
import { copyProgress, digestCollection, gatedStore } from '@state-server/persistence-maintenance';
import { openLmdbStore } from '@state-server/persistence-lmdb';
import { COLLECTIONS, type CollectionName, type Store } from '@state-server/persistence-port';
import { describeWithServer, nextInt, seededRandom } from '@state-server/testing';
import { environment } from './environment';
import { openPlace, parsePlace, type Place, placeByVariables, wordsOf } from './place';
import { fillStore } from './testing/filled-store';

const ROOT = join(__dirname, '../../..');
const ALIVE = '2026-01-01T00:00:00.000Z';
let folder: string;
let program: string;
let good: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'store-copy-'));
  execFileSync(process.execPath, ['tools/dev/run.mjs', 'tools/store/main.ts', 'help'], { cwd: ROOT });
  program = join(ROOT, 'dist/tools/store/main.cjs');
  const filled = await fillStore({ path: join(folder, 'good'), branes: 4, edits: 120 });
  await filled.store.close();
  good = filled.path;
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store of its own, with the same content. */
function source(name: string): string {
  const path = join(folder, name);
  cpSync(good, path, { recursive: true });
  return path;
}

const quiet = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(FDB_|MONGODB_|STORE_PATH)/.test(name)),
);
const run = (...args: string[]) =>
  spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: quiet });

async function within<T>(path: string, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openLmdbStore({ path, environment });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

async function digestsOf(store: Store): Promise<Readonly<Record<string, unknown>>> {
  const digests: Record<string, unknown> = {};
  for (const name of Object.keys(COLLECTIONS) as CollectionName[]) {
    if (name === 'transactions' || name === 'meta') continue;
    digests[name] = await digestCollection(store, name, { aliveAt: ALIVE });
  }
  return digests;
}

/** Copies with kills at random moments until it is done. Answers how often it was ended, and what the last one said. */
async function copyWithKills(from: string, to: string): Promise<{ kills: number; said: string }> {
  const random = seededRandom(25);
  for (let kills = 0; ; kills += 1) {
    const child = spawn(process.execPath, [program, 'copy', '--from', from, '--to', to], { env: quiet });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (said += text.toString()));
    // The first is over before anything begins, and each is longer than the last: it comes to an end on any machine.
    const ms = 50 * 1.3 ** kills + nextInt(random, 50);
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    clearTimeout(timer);
    if (code === 0) return { kills, said };
    expect([code, said]).toEqual([null, expect.anything()]);
  }
}

describe('store copy (STORE-24, STORE-25)', () => {
  it('ends with the same data, though it was killed with -9 again and again', async () => {
    const [from, to] = [source('killed from'), join(folder, 'killed to')];
    const { kills, said } = await copyWithKills(`lmdb:${from}`, `lmdb:${to}`);
    expect(kills).toBeGreaterThan(0);
    expect(said).toContain('both stores hold the same');
    expect(said).toContain('point the services at the new store');
    const [there, here] = [await within(from, digestsOf), await within(to, digestsOf)];
    expect(here).toEqual(there);
    expect(await within(to, copyProgress)).toHaveProperty('ended_at');
    // The old one takes no edit, the new one does; and every promise of a store holds of it.
    const write = (store: Store): Promise<void> =>
      gatedStore(store).transact({ label: 'spec' }, async (tx) => tx.put('meta', { key: 'n', value: 1 }));
    await expect(within(from, write)).rejects.toMatchObject({ code: 'read_only' });
    await within(to, write);
    expect(run('check', '--store', to)).toMatchObject({ status: 0 });
  }, 120_000);

  it('says what it will not do, and changes nothing', () => {
    const [from, other] = [source('refused from'), source('refused to')];
    const refused = run('copy', '--from', `lmdb:${from}`, '--to', `lmdb:${other}`);
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('the target is not empty')]);
    expect(run('read-only', '--store', from).stdout).toBe('open to writers\n');
    const missing = run('copy', '--from', `lmdb:${join(folder, 'nothing')}`, '--to', `lmdb:${other}`);
    expect([missing.status, missing.stderr]).toEqual([2, expect.stringContaining('there is no store')]);
    expect(run('copy', '--from', `lmdb:${from}`).stderr).toContain('say both');
    const wrong = run('copy', '--from', `lmdb:${from}`, '--to', 'mysql://root:hunter2@db');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.not.stringContaining('hunter2')]);
  });

  describeWithServer(
    {
      name: 'a copy into MongoDB and back',
      variable: 'TEST_MONGODB_URI',
      value: 'a server in which databases may be made',
    },
    (uri) => {
      it('ends with the same data', () => roundTrip(mongoPlace(uri)), 300_000);
    },
  );

  describeWithServer(
    {
      name: 'a copy into FoundationDB and back',
      variable: 'TEST_FDB_CLUSTER_FILE',
      value: 'the cluster file of a test cluster',
    },
    (clusterFile) => {
      const directory = `test-copy-${Date.now()}`;
      it('ends with the same data', () => roundTrip(`fdb:${clusterFile}#${directory}`), 300_000);
    },
  );

  function mongoPlace(server: string): string {
    const url = new URL(server);
    url.pathname = `/state_server_copy_${Date.now()}`;
    return url.toString();
  }

  async function roundTrip(remote: string): Promise<void> {
    const name = `round ${remote.slice(0, 3)}`;
    const [from, back] = [source(`${name} from`), join(folder, `${name} back`)];
    const { kills } = await copyWithKills(`lmdb:${from}`, remote);
    expect(kills).toBeGreaterThan(0);
    const store = await openPlace(parsePlace(remote));
    const there = await digestsOf(store);
    await store.close();
    expect(there).toEqual(await within(from, digestsOf));
    const returned = run('copy', '--from', remote, '--to', `lmdb:${back}`);
    expect([returned.status, returned.stderr]).toEqual([0, '']);
    expect(await within(back, digestsOf)).toEqual(there);
  }
});

describe('the other commands for any store', () => {
  it('close a store to writers, show it, and open it again (STORE-22)', () => {
    const path = source('switched');
    expect(run('read-only', 'on', '--store', path, '--reason', 'a disk is changed').stdout).toMatch(
      /^closed to writers since .*: a disk is changed\n$/,
    );
    expect(run('check', '--store', path).stdout).toContain('closed to writers: a disk is changed');
    expect(run('read-only', 'off', '--at', `lmdb:${path}`).stdout).toBe('open to writers again\n');
    expect(run('read-only', 'off', '--at', `lmdb:${path}`).stdout).toBe('it was open to writers already\n');
  });

  it('say which store it is, its format, limits and indexes, and what an upgrade would do (STORE-15, STORE-21)', () => {
    const path = source('looked at');
    const { stdout } = run('check', '--store', path);
    expect(stdout).toMatch(/: lmdb, format \d+ of \d+, /);
    expect(stdout).toContain('limits: key 1,900 bytes, document 800,000, transaction 1,000,000 and 5 s');
    expect(stdout).toContain('members.by_user');
    expect(run('migrate', '--dry-run', '--store', path).stdout).toContain('nothing is to be done');
    expect(run('migrate', '--store', join(folder, 'nothing')).status).toBe(2);
  });

  it('find the store of the services by the same variables, and tell no password (STORE-21)', () => {
    const schema = defineConfig(commonFields({ service: 'test', port: 0, metricsPort: 0 }));
    const uri = 'mongodb://root:hunter2@one.internal:27017,two.internal:27017/world?replicaSet=rs0';
    const KINDS: Readonly<Record<string, Place['kind']>> = {
      embedded: 'lmdb',
      mongodb: 'mongodb',
      foundationdb: 'foundationdb',
    };
    for (const variables of [
      {},
      { MONGODB_URI: uri },
      { FDB_ENABLED: 'true', MONGODB_URI: uri },
      { FDB_ENABLED: '1', FDB_CLUSTER_FILE: '/etc/fdb.cluster', FDB_DIRECTORY: 'state-server/test' },
      { FDB_ENABLED: 'false', STORE_PATH: '/data/store' },
    ]) {
      const place = placeByVariables(variables, '.data/store');
      const config = loadConfig(schema, variables);
      expect(place.kind).toBe(KINDS[storeChoice(config)]);
      if (place.kind === 'foundationdb') expect(place.directory).toBe(config.FDB_DIRECTORY);
      expect(wordsOf(place)).not.toContain('hunter2');
    }
    expect(wordsOf(parsePlace(uri))).toBe('MongoDB at one.internal:27017/world');
    expect(parsePlace('env:OLD', { OLD: uri })).toEqual({ kind: 'mongodb', uri });
    expect(parsePlace('fdb:#prod')).toEqual({ kind: 'foundationdb', directory: 'prod' });
    expect(() => parsePlace('env:OLD', {})).toThrow('OLD is not set');
  });

  it('leave backups of other stores to their own tools', () => {
    const { status, stderr } = run(
      'backup',
      join(folder, 'x'),
      '--at',
      'mongodb://root:hunter2@127.0.0.1/world',
    );
    expect([status, stderr]).toEqual([2, expect.stringContaining('only the embedded store')]);
    expect(stderr).not.toContain('hunter2');
  });
});
