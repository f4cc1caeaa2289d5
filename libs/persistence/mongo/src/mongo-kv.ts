import { StoreError } from '@state-server/persistence-port';
import type {
  KvBeginOptions,
  KvTransaction,
  MaybePromise,
  OrderedKv,
} from '@state-server/persistence-records';
import type { MongoDriver } from './driver';
import { failureOf } from './failures';
import { MongoTransaction } from './mongo-transaction';
import { LostDocuments, WaitingLines } from './waiting-lines';

/** MongoDB as ordered keys and values, so that the record layer makes a store of it like of any other. */
export class MongoKv implements OrderedKv {
  readonly kind = 'mongodb';
  readonly outcomeCanBeUnknown = true;
  readonly isRemote = true;
  readonly guardsAreWrites = true;
  readonly backoffMs = 8;

  private readonly lines = new WaitingLines();

  constructor(private readonly driver: MongoDriver) {}

  begin(options?: KvBeginOptions): MaybePromise<KvTransaction> {
    if (options?.after instanceof LostDocuments) return this.atItsTurn(options.after);
    const transaction = new MongoTransaction(this.driver.session());
    // Who only reads may have a snapshot as late as the first read. Who writes without a look would overwrite what was
    // written since the beginning.
    return options?.readOnly ? transaction : this.withSnapshot(transaction);
  }

  async check(): Promise<void> {
    try {
      await this.driver.ping();
    } catch (error) {
      const failure = failureOf(error);
      if (failure instanceof StoreError) throw failure;
      throw new StoreError('unavailable', failure.message, { cause: error });
    }
  }

  close(): Promise<void> {
    return this.driver.close();
  }

  private async atItsTurn({ documents }: LostDocuments): Promise<KvTransaction> {
    const leave = await this.lines.join(documents);
    return this.withSnapshot(new MongoTransaction(this.driver.session(), leave));
  }

  private async withSnapshot(transaction: MongoTransaction): Promise<KvTransaction> {
    try {
      await transaction.takeSnapshot();
      return transaction;
    } catch (error) {
      transaction.abandon();
      throw error;
    }
  }
}
