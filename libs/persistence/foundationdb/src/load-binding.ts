import { isMainThread } from 'node:worker_threads';
import { StoreError } from '@state-server/persistence-port';
import { API_VERSION, causeOf, type FdbModule, isFdbModule } from './binding';

/** Not a literal: the package is optional, and bundlers and compilers shall not look for it. */
const PACKAGE: string = 'foundationdb';

/** The package prints these lines before it throws; our one line says the same. */
const CHATTER =
  /^(?:Could not load native module|\(on windows\)|MacOS note|\s*export |\s*source |\nThen retry|$)/;

export type ImportPackage = (name: string) => Promise<unknown>;

const unavailable = (message: string, cause?: unknown): StoreError =>
  new StoreError('unavailable', message, { cause });

/**
 * The package `foundationdb`, only now loaded. Throws StoreError `unavailable` with one line that says what is missing and
 * what to do.
 */
export async function loadBinding(
  importPackage: ImportPackage = (name) => import(name),
  inMainThread = isMainThread,
): Promise<FdbModule> {
  if (!inMainThread)
    throw unavailable('FoundationDB works in the main thread of a process only, not in a worker');
  const found = await withoutChatter(() => importPackage(PACKAGE)).catch((error: unknown) => {
    throw unavailable(describeLoadFailure(error), error);
  });
  const module = [found, defaultOf(found)].find(isFdbModule);
  if (!module) throw unavailable('the package foundationdb is not the one that is expected (2.0.1)');
  try {
    module.setAPIVersion(API_VERSION);
  } catch (error) {
    throw unavailable(
      `the client library libfdb_c does not speak API version ${API_VERSION} (${causeOf(error).message}): install that of FoundationDB 7.3`,
      error,
    );
  }
  return module;
}

const defaultOf = (found: unknown): unknown =>
  typeof found === 'object' && found !== null && 'default' in found ? found.default : undefined;

function describeLoadFailure(error: unknown): string {
  const { code, message } = causeOf(error);
  if (code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND')
    return 'FoundationDB is chosen but its package is not installed: npm install foundationdb@2.0.1 (it is optional)';
  if (code === 'ERR_DLOPEN_FAILED' || /libfdb_c/.test(message))
    return `FoundationDB is chosen but its client library cannot be loaded: install foundationdb-clients 7.3, or name the folder of libfdb_c in LD_LIBRARY_PATH (${message})`;
  if (/No native build was found/.test(message))
    return `FoundationDB is chosen but its package has no build for this platform (${message})`;
  return `FoundationDB is chosen but its package cannot be loaded (${message})`;
}

/** Runs with `console.error` deaf for what the package says before it throws, and for nothing else. */
async function withoutChatter<T>(work: () => Promise<T>): Promise<T> {
  const { console } = globalThis;
  const { error } = console;
  const filtered = (...said: unknown[]): void => {
    const [first = ''] = said;
    if (typeof first !== 'string' || !CHATTER.test(first)) error.apply(console, said);
  };
  Object.assign(console, { error: filtered });
  try {
    return await work();
  } finally {
    Object.assign(console, { error });
  }
}
