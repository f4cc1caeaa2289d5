import { readFile } from 'node:fs/promises';
import { StoreError } from '@state-server/persistence-port';
import { causeOf } from './binding';

/** Where FoundationDB's own packages put it. */
export const DEFAULT_CLUSTER_FILE = '/etc/foundationdb/fdb.cluster';

/** `description:id@host:port[:tls],…`; lines that begin with # are remarks. */
const CONNECTION = /^[A-Za-z0-9_]+:[A-Za-z0-9]+@([^\s,@]+:\d+[^\s,@]*(?:,[^\s,@]+:\d+[^\s,@]*)*)$/;

/** The binding cuts a longer path short. */
const PATH_BYTES = 1_023;

/**
 * The addresses of the coordinators that a cluster file names, for people. Throws StoreError `unavailable` where the file
 * is missing, cannot be read, or is none: the client itself would say so only at the first read, or never.
 */
export async function readClusterFile(path: string): Promise<string> {
  if (Buffer.byteLength(path) > PATH_BYTES)
    throw new StoreError('unavailable', `the path of the cluster file has more than ${PATH_BYTES} bytes`);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const { code, message } = causeOf(error);
    const why = typeof code === 'string' ? code : message;
    throw new StoreError(
      'unavailable',
      `the cluster file of FoundationDB cannot be read (${path}, ${why}): name the right one in FDB_CLUSTER_FILE`,
      { cause: error },
    );
  });
  const lines = text.split('\n').map((line) => line.trim());
  const [line, ...others] = lines.filter((each) => each !== '' && !each.startsWith('#'));
  const coordinators = others.length === 0 ? CONNECTION.exec(line ?? '')?.[1] : undefined;
  if (coordinators === undefined)
    throw new StoreError(
      'unavailable',
      `${path} is no cluster file of FoundationDB: it needs one line \`description:id@host:port,…\``,
    );
  return coordinators;
}
