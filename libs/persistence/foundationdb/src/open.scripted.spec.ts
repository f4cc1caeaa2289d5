import { contractEnvironment } from '@state-server/persistence-contract';
import { type FoundationDbStoreOptions, openFoundationDbStore } from './foundationdb-store';
import { loadBinding } from './load-binding';
import { clusterFile, scriptedStore } from './testing/open-scripted.spec-support';
import { ScriptedBinding } from './testing/scripted-binding';

const failing = (fields: object): Promise<never> => Promise.reject(Object.assign(new Error(), fields));

/** Every refusal is one line for a person, without a stack in it. */
async function refusalOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error('it was not refused');
  expect(error).toMatchObject({ name: 'StoreError', code: 'unavailable' });
  expect(error.message).not.toMatch(/\n|\bat .*:\d+:\d+/);
  return error.message;
}

describe('opening a store on FoundationDB where something is missing (STORE-30)', () => {
  it.each([
    [
      'the package',
      { code: 'MODULE_NOT_FOUND', message: "Cannot find module 'foundationdb'\nRequire stack:\n- /x.js" },
      /npm install foundationdb@2\.0\.1/,
    ],
    [
      'the package, of a module',
      { code: 'ERR_MODULE_NOT_FOUND', message: 'Cannot find package' },
      /npm install/,
    ],
    [
      'the client library',
      { code: 'ERR_DLOPEN_FAILED', message: 'libfdb_c.so: cannot open shared object file' },
      /install foundationdb-clients 7\.3.*LD_LIBRARY_PATH/,
    ],
    [
      'a build for this platform',
      { message: 'No native build was found for platform=sunos' },
      /no build for this platform/,
    ],
    ['something else', { message: 'boom' }, /cannot be loaded \(boom\)/],
  ])('%s: one line says what and what to do (STORE-30)', async (_what, failure, said) => {
    expect(await refusalOf(loadBinding(() => failing(failure)))).toMatch(said);
  });

  it('says nothing else: the lines that the package prints before it throws are kept back (STORE-30)', async () => {
    const printed: unknown[][] = [];
    const real = jest.spyOn(console, 'error').mockImplementation((...said) => void printed.push(said));
    try {
      const chatty = (): Promise<never> => {
        globalThis.console.error(
          'Could not load native module. Make sure the foundationdb client is installed and',
        );
        globalThis.console.error('(on windows) in your PATH. https://www.foundationdb.org/download/');
        globalThis.console.error('something of somebody else');
        return failing({ code: 'ERR_DLOPEN_FAILED', message: 'libfdb_c.so' });
      };
      await refusalOf(loadBinding(chatty));
      expect(printed).toEqual([['something of somebody else']]);
    } finally {
      real.mockRestore();
    }
  });

  it('a package of another form, or in a worker thread, is refused (STORE-30)', async () => {
    expect(await refusalOf(loadBinding(() => Promise.resolve({ open: 1 })))).toMatch(
      /not the one that is expected/,
    );
    expect(await refusalOf(loadBinding(() => Promise.resolve({}), false))).toMatch(/main thread/);
  });

  it('takes the package whether it comes as a module or as its default export (STORE-30)', async () => {
    const binding = new ScriptedBinding();
    expect(await loadBinding(() => Promise.resolve(binding))).toBe(binding);
    expect(await loadBinding(() => Promise.resolve({ default: binding }))).toBe(binding);
  });

  it('a client library that is too old is refused (STORE-30)', async () => {
    const binding = new ScriptedBinding();
    binding.next('setAPIVersion', { code: 2203 });
    expect(await refusalOf(loadBinding(() => Promise.resolve(binding)))).toMatch(/API version 720.*7\.3/);
  });

  const openWith = (options: Partial<FoundationDbStoreOptions>): Promise<unknown> =>
    openFoundationDbStore({
      environment: contractEnvironment(),
      directory: 'state-server/spec',
      load: () => Promise.resolve(new ScriptedBinding()),
      ...options,
    });

  it('the cluster file: its path and the setting are named (STORE-30)', async () => {
    const said = await refusalOf(openWith({ clusterFile: '/nowhere/fdb.cluster' }));
    expect(said).toMatch(/\/nowhere\/fdb\.cluster, ENOENT.*FDB_CLUSTER_FILE/);
    expect(await refusalOf(openWith({ clusterFile: `/${'x'.repeat(1_100)}` }))).toMatch(/1023 bytes/);
  });

  it.each(['', 'hello', 'a:b@nowhere', 'a:b@h:1\nc:d@h:2', '{}'])(
    'a file that is no cluster file: %j (STORE-30)',
    async (text) => {
      const file = clusterFile(text);
      expect(await refusalOf(openWith({ clusterFile: file.path }))).toMatch(/is no cluster file/);
      file.remove();
    },
  );

  it.each(['# made by hand\nx_1:Ab9@10.0.0.1:4500,10.0.0.2:4501:tls\n', 'd:i@[::1]:4500'])(
    'takes a cluster file as FoundationDB writes it: %j (STORE-30)',
    async (text) => {
      const file = clusterFile(text);
      const load = (): Promise<ScriptedBinding> => Promise.resolve(binding);
      const binding = new ScriptedBinding();
      await openWith({ clusterFile: file.path, load });
      expect(binding.openDatabases).toBe(1);
      file.remove();
    },
  );

  it.each(['', '/', 'a//b', 'a/', 'ä', 'a b', 'x'.repeat(65), 'a/a/a/a/a/a/a/a/a'])(
    'a directory that is none is a mistake in the configuration: %j (STORE-30)',
    async (directory) => {
      await expect(openWith({ directory })).rejects.toThrow(TypeError);
    },
  );

  it('a cluster that does not answer: said within the stated time, with its coordinators (STORE-30)', async () => {
    for (const [call, silence] of [
      ['getReadVersion', true],
      ['get', true],
      ['get', 'deaf'],
    ] as const) {
      const binding = new ScriptedBinding();
      binding.next(call, { silence });
      const started = performance.now();
      const said = await refusalOf(scriptedStore({ openTimeoutMs: 60 }, binding));
      expect(said).toMatch(/has not answered within 60 ms|does not answer.*1031/);
      expect(said).toMatch(/127\.0\.0\.1:4500.*version of libfdb_c/);
      expect(performance.now() - started).toBeLessThan(3_000);
      expect(binding.openDatabases).toBe(0);
    }
  });

  it.each(['open', 'createTransaction'] as const)(
    'an error of %s is told in words (STORE-30)',
    async (call) => {
      const binding = new ScriptedBinding();
      binding.next(call, { code: 2104 });
      await expect(scriptedStore({}, binding)).rejects.toThrow(/2104/);
      expect(binding.openDatabases).toBe(0);
    },
  );

  it('sets limits of time and no retries in the native client, and closes what it opened (STORE-30, STORE-33)', async () => {
    const { binding, store } = await scriptedStore();
    expect(binding.databaseOptions).toEqual({ transaction_timeout: 5_500, transaction_retry_limit: 0 });
    for (const options of binding.transactionOptions) {
      expect(options).toMatchObject({ read_your_writes_disable: true });
      expect(options.timeout).toBeLessThanOrEqual(10_000);
    }
    expect(store.kind).toBe('foundationdb');
    await store.close();
    expect(binding.openDatabases).toBe(0);
    await expect(store.read({ label: 'spec' }, (tx) => tx.get('meta', ['a']))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
