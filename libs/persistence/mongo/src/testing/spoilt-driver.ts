import type { CollectionName } from '@state-server/persistence-port';
import type { FoundIndex, MongoDriver, MongoSession } from '../driver';
import { mongoError } from './memory-driver';

type How = 'unknown_committed' | 'unknown_lost';

/** A real driver whose next commit fails as one does whose answer was lost, after it was made or without it. */
export class SpoiltDriver implements MongoDriver {
  private how: How | undefined;

  constructor(private readonly driver: MongoDriver) {}

  spoilNextCommit(how: How): void {
    this.how = how;
  }

  session(): MongoSession {
    const session = this.driver.session();
    let wrote = false;
    return {
      start: () => session.start(),
      find: (collection, query) => session.find(collection, query),
      write: (collection, changes) => {
        wrote = true;
        return session.write(collection, changes);
      },
      end: () => session.end(),
      commit: async () => {
        const how = wrote ? this.how : undefined;
        if (how) this.how = undefined;
        // Given up by the server, so that asking again in the same session finds nothing.
        if (how === 'unknown_lost') await session.end();
        else await session.commit();
        if (how) throw lostAnswer();
      },
    };
  }

  indexes(collection: CollectionName): Promise<readonly FoundIndex[] | undefined> {
    return this.driver.indexes(collection);
  }

  build(collection: CollectionName): Promise<void> {
    return this.driver.build(collection);
  }

  ping(): Promise<void> {
    return this.driver.ping();
  }

  close(): Promise<void> {
    return this.driver.close();
  }
}

function lostAnswer(): Error {
  return mongoError(undefined, { name: 'MongoNetworkError', labels: ['UnknownTransactionCommitResult'] });
}
