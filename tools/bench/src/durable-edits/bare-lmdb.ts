import { readFileSync } from 'node:fs';
import { open } from 'lmdb';
import { readRecording, type Write } from './recording';

/** What a bare program is asked for: the recording, and copies of the store as it was before. */
export interface BareLmdbOrder {
  readonly recording: string;
  /** One for warming up, the other counts. */
  readonly stores: readonly [string, string];
}

export interface BareLmdbAnswer {
  readonly cpuSeconds: number;
}

/**
 * The peer of the durable edits: a program that makes the recorded writes in the recorded transactions, one transaction
 * after the other, and does nothing else. LMDB is opened as the embedded store opens it (docs/decisions/0007).
 */
export function runBareLmdb(): void {
  process.on('message', (order: BareLmdbOrder) => {
    void commitAll(order).then((answer) => process.send?.(answer));
  });
  process.on('disconnect', () => process.exit(0));
}

async function commitAll({ recording, stores: [warm, cold] }: BareLmdbOrder): Promise<BareLmdbAnswer> {
  const transactions = readRecording(readFileSync(recording));
  await replay(warm, transactions);
  const before = process.cpuUsage();
  await replay(cold, transactions);
  const { user, system } = process.cpuUsage(before);
  return { cpuSeconds: (user + system) / 1e6 };
}

async function replay(path: string, transactions: readonly (readonly Write[])[]): Promise<void> {
  const database = open<Buffer, Buffer>({
    path,
    noSubdir: false,
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
    eventTurnBatching: false,
    pageSize: 8_192,
    mapSize: 16 * 2 ** 30,
  });
  for (const writes of transactions) {
    await database.transaction(() => {
      for (const { key, value } of writes) {
        if (value) database.putSync(key, value);
        else database.removeSync(key);
      }
    });
  }
  await database.close();
}
