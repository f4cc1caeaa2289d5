import { StoreError } from '@state-server/persistence-port';
import {
  KvConflict,
  KvOutcomeUnknown,
  KvTransient,
  type KvChanges,
  type KvEntry,
  type KvKey,
  type KvRangeOptions,
  type KvTransaction,
} from '@state-server/persistence-records';
import type { GatedTransaction } from './buffer-gate';
import type { Client } from './client';
import type { CommitOutcome } from './metrics';

/** Worth a call that gives its memory back at once: JavaScript does not see how large its garbage is. */
const LARGE_BYTES = 65_536;

/** One snapshot, pinned when the transaction begins, and the one commit that is validated against it. */
export class FoundationDbTransaction implements KvTransaction {
  private state: 'open' | 'committing' | 'ended' = 'open';
  private native: GatedTransaction | undefined;
  private readonly pinned: Promise<GatedTransaction>;
  /** The commit under way, once its outcome is known: never rejects. */
  private settled: Promise<void> = Promise.resolve();

  /** @param onEnd called once, when neither a read nor a commit of it is under way any more in this process */
  constructor(
    private readonly client: Client,
    private readonly onEnd: () => void,
  ) {
    this.pinned = heardOrNot(this.pin());
  }

  get(key: KvKey): Promise<Uint8Array | undefined> {
    const bytes = this.client.keys.toBytes(key);
    return heardOrNot(this.read('get', (native) => native.get(bytes)));
  }

  range(start: KvKey, end: KvKey, { reverse, limit }: KvRangeOptions): Promise<readonly KvEntry[]> {
    const { keys } = this.client;
    const answer = this.read('range', async (native) => {
      const found: KvEntry[] = [];
      let [from, to] = [keys.toBytes(start), keys.toBytes(end)];
      for (;;) {
        const part = await native.range({ start: from, end: to, limit: limit - found.length, reverse });
        for (const [key, value] of part.results) found.push({ key: keys.toKey(key), value });
        const last = part.results.at(-1)?.[0];
        if (!part.more || last === undefined || found.length >= limit) return found;
        if (reverse) to = last;
        else from = Buffer.concat([last, Buffer.of(0)]);
      }
    });
    return heardOrNot(answer);
  }

  async commit(changes: KvChanges): Promise<void> {
    this.mustBeOpen();
    const native = await this.pinned;
    // Abandoned meanwhile: whoever waited was told that nothing is written.
    this.mustBeOpen();
    this.state = 'committing';
    const committed = this.commitOn(native, changes);
    this.settled = committed.catch(() => undefined);
    return committed;
  }

  /** Abandons what can be, and waits for the outcome of what cannot. */
  async finish(): Promise<void> {
    if (this.abandon() === 'running') await this.settled;
  }

  abandon(): 'stopped' | 'running' {
    if (this.state === 'committing') return 'running';
    if (this.state === 'open') {
      // Whatever is being read fails at once, instead of holding the client's memory.
      this.native?.cancel();
      this.end();
    }
    return 'stopped';
  }

  private async commitOn(native: GatedTransaction, changes: KvChanges): Promise<void> {
    const started = this.client.now();
    const ended = (outcome: CommitOutcome): void => {
      this.client.metrics.commit(outcome, this.client.now() - started, changes.bytes);
    };
    try {
      this.stage(native, changes);
      await native.commit();
      ended('committed');
    } catch (error) {
      const failure = this.client.commitFailure(error, changes.label);
      ended(outcomeOf(failure));
      throw failure;
    } finally {
      if (changes.bytes >= LARGE_BYTES) native.release();
      this.end();
    }
  }

  private end(): void {
    this.state = 'ended';
    this.native = undefined;
    this.onEnd();
  }

  private mustBeOpen(): void {
    if (this.state !== 'open') throw new StoreError('unavailable', 'the snapshot has ended');
  }

  private hasEnded(): boolean {
    return this.state !== 'open';
  }

  /** Fetches the read version: a transaction that guards a key without reading anything has a snapshot, too. */
  private async pin(): Promise<GatedTransaction> {
    const started = this.client.now();
    for (let failures = 0; ; failures += 1) {
      this.mustBeOpen();
      const native = this.client.createTransaction();
      this.native = native;
      try {
        await native.readVersion();
        this.client.metrics.snapshot(this.client.now() - started);
        return native;
      } catch (error) {
        this.mustBeOpen();
        if (!this.client.mayAskAgain(error, 'snapshot')) throw this.client.readFailure(error, 'snapshot');
        await this.client.pause(failures);
      }
    }
  }

  private async read<T>(kind: 'get' | 'range', ask: (native: GatedTransaction) => Promise<T>): Promise<T> {
    this.mustBeOpen();
    const native = await this.pinned;
    const started = this.client.now();
    for (let failures = 0; ; failures += 1) {
      this.mustBeOpen();
      try {
        const answer = await ask(native);
        this.client.metrics.read(kind, this.client.now() - started);
        return answer;
      } catch (error) {
        if (this.hasEnded()) throw new StoreError('unavailable', 'the snapshot has ended', { cause: error });
        if (!this.client.mayAskAgain(error, 'read')) throw this.client.readFailure(error, 'read');
        await this.client.pause(failures);
      }
    }
  }

  private stage(native: GatedTransaction, { guards, writes }: KvChanges): void {
    const { keys } = this.client;
    for (const key of guards) native.validate(keys.toBytes(key));
    for (const [key, value] of writes) {
      if (value === undefined) native.clear(keys.toBytes(key));
      else native.set(keys.toBytes(key), Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
    if (writes.size === 0) native.claim(keys.fence);
  }
}

/** Whoever waits hears of a failure; that nobody does is no reason for Node to end. */
function heardOrNot<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

function outcomeOf(failure: Error): CommitOutcome {
  if (failure instanceof KvConflict) return 'conflict';
  if (failure instanceof KvTransient) return 'passing';
  return failure instanceof KvOutcomeUnknown ? 'unknown' : 'failed';
}
