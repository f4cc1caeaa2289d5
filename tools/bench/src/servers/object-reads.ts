import { createCommitter } from '@state-server/commit';
import { asBraneId, asObjectId, asOpId, asSessionId, asUserId } from '@state-server/domain';
import { objectReads } from '@state-server/features-object';
import { askStore, createReadCache, watchWrites } from '@state-server/persistence-cache';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { ReadTransaction, Store } from '@state-server/persistence-port';
import {
  commonFields,
  commonRules,
  createService,
  defineConfig,
  loadConfig,
  realEnvironment,
  registerPlainReads,
  silentLogger,
  startHttpService,
} from '@state-server/platform';

/** Nest has none of its own here. */
class NoDoors {
  readonly doors = 0;
}

/** As FoundationDB or MongoDB answer over a network. */
const ROUND_TRIP_MS = 1;

/** GET /object/{id} as every gateway has it, over a store that is a round trip away; the message is its port and the object. */
export const objectReadsUncached = (): Promise<void> => serve('off');
export const objectReadsCached = (): Promise<void> => serve('local');

async function serve(kind: 'off' | 'local'): Promise<void> {
  process.on('disconnect', () => process.exit(0));
  const schema = defineConfig(commonFields({ service: 'bench', port: 0, metricsPort: 0 }), commonRules);
  const config = loadConfig(schema, { NODE_ENV: 'test' });
  const environment = realEnvironment;
  const service = createService({ config, environment, log: silentLogger(), processMetrics: false });
  const far = distant(createMemoryStore({ environment }));
  const cache =
    kind === 'off'
      ? undefined
      : createReadCache({
          ...{ environment, maxBytes: config.CACHE_BYTES, staleMs: config.CACHE_STALE_MS, absentMs: 200 },
          ask: askStore(far),
        });
  const store = cache ? watchWrites(far, (changes) => cache.changed(changes)) : far;
  const { objectId, identity } = await fill(store);
  const enter = (request: object): void => void Object.assign(request, { identity });
  const { port } = await startHttpService(service, {
    module: { module: NoDoors },
    configure: (server) =>
      registerPlainReads(server, service, objectReads({ store, cache }), {
        admitNow: (request) => {
          enter(request);
          return true;
        },
        admit: async (request) => {
          enter(request);
        },
      }),
  });
  process.send?.(port);
  process.on('message', () => process.send?.(objectId));
}

/** A brane with one object in it, two groups deep. */
async function fill(store: Store) {
  const committer = createCommitter({
    ...{ store, environment: realEnvironment, publish: () => undefined, writerId: 'bench' },
  });
  const user_id = asUserId(crypto.randomUUID());
  const actor = { kind: 'user', user_id } as const;
  const brane_id = asBraneId(crypto.randomUUID());
  const [street, house] = [asObjectId(crypto.randomUUID()), asObjectId(crypto.randomUUID())];
  const op_id = () => asOpId(crypto.randomUUID());
  await committer.createBrane(actor, { op_id: op_id(), id: brane_id, name: 'town', visibility: 'private' });
  const ops = [
    { op: 'create', object: { id: street, kind: 'group', parent_id: brane_id, name: 'street' } },
    { op: 'create', object: { id: house, kind: 'block', parent_id: street, name: 'house' } },
  ] as const;
  await committer.edit({ brane_id, actor, op_id: op_id(), ops });
  const session_id = asSessionId(crypto.randomUUID());
  return { objectId: house, identity: { user_id, session_id, name: 'Reader', roles: ['user'] } };
}

function distant(store: Store): Store {
  const away = <T>(work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      setTimeout(() => void work().then(resolve, reject), ROUND_TRIP_MS);
    });
  return {
    kind: store.kind,
    transact: (options, callback) => store.transact(options, callback),
    read: (options, callback) =>
      store.read(options, (tx) => {
        const slow: ReadTransaction = {
          get: (collection, key) => away(() => tx.get(collection, key)),
          getMany: (collection, keys) => away(() => tx.getMany(collection, keys)),
          range: (collection, range) => away(() => tx.range(collection, range)),
        };
        return callback(slow);
      }),
    check: () => store.check(),
    close: () => store.close(),
  };
}
