import type {
  FdbDatabase,
  FdbDatabaseOptions,
  FdbKeySelector,
  FdbModule,
  FdbRange,
  FdbTransaction,
  FdbTransactionOptions,
} from '../binding';
import { ScriptedCluster, ScriptedError } from './scripted-cluster';

export type ScriptedCall =
  | 'setAPIVersion'
  | 'open'
  | 'createTransaction'
  | 'getReadVersion'
  | 'get'
  | 'getRange'
  | 'set'
  | 'clear'
  | 'addReadConflictKey'
  | 'addWriteConflictKey'
  | 'commit';

/**
 * What becomes of a call: an error with this code (`after`: once it was done), an error of another kind, or no answer
 * before the transaction is cancelled or out of its time (`deaf`: whatever happens, as where the client's thread hangs).
 */
export type Mishap =
  | { readonly code: number; readonly when?: 'before' | 'after' }
  | { readonly error: Error }
  | { readonly silence: true | 'deaf' };

/** At most so many entries in one answer: as the real one, which cuts answers by their size. */
const ENTRIES_PER_ANSWER = 7;

/** The surface of the npm package, over a pretended cluster, with a script of what goes wrong. */
export class ScriptedBinding implements FdbModule {
  private readonly script = new Map<ScriptedCall, Mishap[]>();
  readonly calls: ScriptedCall[] = [];
  readonly transactionOptions: FdbTransactionOptions[] = [];
  databaseOptions: FdbDatabaseOptions | undefined;
  /** The second thing that is no Buffer would have aborted the process. */
  notBuffers = 0;
  openDatabases = 0;
  cancelled = 0;
  reset = 0;

  constructor(readonly cluster = new ScriptedCluster()) {}

  /** The next calls of that name meet these mishaps, one each. */
  next(call: ScriptedCall, ...mishaps: Mishap[]): void {
    this.script.set(call, [...(this.script.get(call) ?? []), ...mishaps]);
  }

  /** Notes the call and answers its mishap, if it is to have one. */
  take(call: ScriptedCall): Mishap | undefined {
    this.calls.push(call);
    return this.script.get(call)?.shift();
  }

  /** For calls that answer at once. */
  takeNow(call: ScriptedCall): void {
    const mishap = this.take(call);
    if (mishap && 'code' in mishap) throw new ScriptedError(mishap.code);
    if (mishap && 'error' in mishap) throw mishap.error;
  }

  setAPIVersion(): void {
    this.takeNow('setAPIVersion');
  }

  open(): FdbDatabase {
    this.takeNow('open');
    this.openDatabases += 1;
    return {
      setNativeOptions: (options) => {
        this.databaseOptions = options;
      },
      rawCreateTransaction: (options) => {
        this.takeNow('createTransaction');
        this.transactionOptions.push(options);
        return new ScriptedTransaction(this, options.timeout);
      },
      close: () => {
        this.openDatabases -= 1;
      },
    };
  }
}

class ScriptedTransaction implements FdbTransaction {
  private readVersion: number | undefined;
  private readonly readConflicts = new Set<string>();
  private readonly writeConflicts = new Set<string>();
  private readonly writes = new Map<string, Buffer | undefined>();
  private readonly pending = new Set<(error: Error) => void>();
  private isCancelled = false;

  constructor(
    private readonly binding: ScriptedBinding,
    private readonly timeoutMs: number | undefined,
  ) {}

  snapshot(): FdbTransaction {
    return this;
  }

  getReadVersion(): Promise<Buffer> {
    return this.answer('getReadVersion', () => {
      const version = Buffer.alloc(8);
      version.writeBigUInt64BE(BigInt(this.version()));
      return version;
    });
  }

  get(key: Buffer): Promise<Buffer | undefined> {
    const name = this.text(key);
    return this.answer('get', () => this.binding.cluster.read(name, this.version()));
  }

  getRangeNative(
    start: FdbKeySelector,
    end: FdbKeySelector,
    limit: number,
    _targetBytes: number,
    _mode: number,
    _iteration: number,
    reverse: boolean,
  ): Promise<FdbRange> {
    const [from, to] = [this.text(start.key), this.text(end.key)];
    return this.answer('getRange', () => {
      const results: [Buffer, Buffer][] = [];
      const most = Math.min(limit, ENTRIES_PER_ANSWER);
      for (const [key, value] of this.binding.cluster.walk(from, to, reverse, this.version())) {
        if (results.length === most) return { results, more: true };
        results.push([Buffer.from(key, 'latin1'), value]);
      }
      return { results, more: false };
    });
  }

  set(key: Buffer, value: Buffer): void {
    this.binding.takeNow('set');
    this.text(value);
    this.writes.set(this.text(key), Buffer.from(value));
  }

  clear(key: Buffer): void {
    this.binding.takeNow('clear');
    this.writes.set(this.text(key), undefined);
  }

  addReadConflictKey(key: Buffer): void {
    this.binding.takeNow('addReadConflictKey');
    this.readConflicts.add(this.text(key));
  }

  addWriteConflictKey(key: Buffer): void {
    this.binding.takeNow('addWriteConflictKey');
    this.writeConflicts.add(this.text(key));
  }

  rawCommit(): Promise<void> {
    return this.answer('commit', () =>
      this.binding.cluster.commit({
        readVersion: this.version(),
        readConflicts: this.readConflicts,
        writeConflicts: this.writeConflicts,
        writes: this.writes,
      }),
    );
  }

  rawCancel(): void {
    this.binding.cancelled += 1;
    this.isCancelled = true;
    for (const fail of this.pending) fail(new ScriptedError(1025));
    this.pending.clear();
  }

  rawReset(): void {
    this.binding.reset += 1;
  }

  private version(): number {
    this.readVersion ??= this.binding.cluster.currentVersion();
    return this.readVersion;
  }

  /** What the native code does with its arguments, but for the abort. */
  private text(value: Buffer): string {
    if (Buffer.isBuffer(value)) return value.toString('latin1');
    this.binding.notBuffers += 1;
    throw new Error('Invalid param - must be string, buffer or arraybuffer');
  }

  private async answer<T>(call: ScriptedCall, work: () => T): Promise<T> {
    const mishap = this.binding.take(call);
    if (this.isCancelled) throw new ScriptedError(1025);
    if (mishap && 'silence' in mishap)
      return mishap.silence === 'deaf' ? new Promise(() => undefined) : this.silence();
    // Commits take a turn of the loop, so that others come between them and their reads.
    await new Promise<void>((resolve) => (call === 'commit' ? setImmediate(resolve) : resolve()));
    if (mishap && 'error' in mishap) throw mishap.error;
    if (mishap && mishap.when !== 'after') throw new ScriptedError(mishap.code);
    const result = work();
    if (mishap) throw new ScriptedError(mishap.code);
    return result;
  }

  private silence(): Promise<never> {
    return new Promise((_, reject) => {
      const timer = setTimeout(() => end(new ScriptedError(1031)), this.timeoutMs ?? 2 ** 31 - 1).unref();
      const end = (error: Error): void => {
        clearTimeout(timer);
        this.pending.delete(end);
        reject(error);
      };
      this.pending.add(end);
    });
  }
}
