import { StoreError } from '@state-server/persistence-port';
import { type KvTransaction, KvTransient, type OrderedKv } from '@state-server/persistence-records';
import type { GatedTransaction } from './buffer-gate';
import { Client, type ClientOptions } from './client';
import { FoundationDbTransaction } from './foundationdb-transaction';
import { Slots } from './slots';

/** Transactions of one process at a time; the others wait for one of them to end. */
const MAX_OPEN = 256;
/** A cluster that has not answered a probe by then is away. Kubernetes asks for readiness every few seconds. */
const PROBE_MS = 2_000;

export interface FoundationDbKvOptions extends ClientOptions {
  readonly maxOpen?: number;
}

/** FoundationDB: snapshots by read versions, commits validated by the cluster against the keys that are guarded. */
export class FoundationDbKv implements OrderedKv {
  readonly kind = 'foundationdb';
  readonly outcomeCanBeUnknown = true;
  readonly isRemote = true;
  private readonly client: Client;
  private readonly slots: Slots;
  private readonly open = new Set<FoundationDbTransaction>();
  private probe: Promise<void> | undefined;
  private closed = false;

  constructor(private readonly options: FoundationDbKvOptions) {
    this.client = new Client(options);
    this.slots = new Slots(options.maxOpen ?? MAX_OPEN, (taken) => this.client.metrics.open(taken));
  }

  async begin(): Promise<KvTransaction> {
    this.mustBeOpen();
    await this.slots.take();
    if (this.closed) {
      this.slots.give();
      throw closedError();
    }
    const transaction: FoundationDbTransaction = new FoundationDbTransaction(this.client, () => {
      this.open.delete(transaction);
      this.slots.give();
    });
    this.open.add(transaction);
    return transaction;
  }

  /** Reads through the same path as every transaction; those who ask at the same time share the answer. */
  async check(): Promise<void> {
    this.mustBeOpen();
    this.probe ??= this.probeOnce().finally(() => {
      this.probe = undefined;
    });
    return this.probe;
  }

  /** Ends what is open, and waits for commits that are under way: the native client ends them in time. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.slots.failWaiting(closedError());
    await Promise.all([...this.open].map((each) => each.finish()));
    this.options.database.close();
  }

  /** @internal Fails with words when the cluster has not answered within `ms`, even where the native client hangs. */
  async probeOnce(ms = PROBE_MS): Promise<void> {
    const { timers } = this.options.environment;
    const native = this.client.createTransaction(ms);
    let expire: (error: StoreError) => void = () => undefined;
    const expiry = new Promise<never>((_, reject) => {
      expire = reject;
    });
    const timer = timers.set(ms, () => expire(new StoreError('unavailable', silence(ms))));
    try {
      await Promise.race([this.ask(native), expiry]);
    } finally {
      timers.clear(timer);
      native.cancel();
    }
  }

  private async ask(native: GatedTransaction): Promise<void> {
    try {
      await native.readVersion();
      await native.get(this.client.keys.fence);
    } catch (error) {
      const failure = this.client.readFailure(error, 'read');
      throw failure instanceof KvTransient ? failure.final : failure;
    }
  }

  private mustBeOpen(): void {
    if (this.closed) throw closedError();
  }
}

const closedError = (): StoreError => new StoreError('unavailable', 'the store is closed');

const silence = (ms: number): string => `the FoundationDB cluster has not answered within ${ms} ms`;
