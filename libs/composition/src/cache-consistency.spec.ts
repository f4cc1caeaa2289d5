import { createCommitter, type Committer, readObjectFor } from '@state-server/commit';
import {
  asBraneId,
  asObjectId,
  asOpId,
  asUserId,
  type BraneId,
  asUser,
  can,
  type Environment,
  type ObjectId,
  type UserId,
} from '@state-server/domain';
import { createMemoryHub } from '@state-server/messaging-memory';
import { channels } from '@state-server/messaging-port';
import {
  askStore,
  createAnnouncer,
  createReadCache,
  decodeChanges,
  RedisTier,
  watchWrites,
} from '@state-server/persistence-cache';
import { createMemoryKv, createMemoryStore, type MemoryKv } from '@state-server/persistence-memory';
import type { Demand, ReadCache, Store } from '@state-server/persistence-port';
import { realEnvironment } from '@state-server/platform';
import {
  nextInt,
  pick,
  redisProgram,
  type RedisServer,
  seededRandom,
  startRedisServer,
  until,
} from '@state-server/testing';

const STALE_MS = 120;
const WRITERS = 8;
const READERS = 8;
const EDITS = 30;
/** Between a reader's clock and that of whoever wrote there is none: it is one machine. What JavaScript rounds is no staleness. */
const ROUNDING_MS = 1;

const now = (): number => performance.now();
const random = seededRandom(20_261_121);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A store behind a network: what it answers was so some time ago, and answers overtake each other. */
function distant(store: Store): Store {
  return {
    kind: store.kind,
    transact: async (options, callback) => {
      const result = await store.transact(options, callback);
      await pause(nextInt(random, 3));
      return result;
    },
    read: async (options, callback) => {
      await pause(nextInt(random, 2));
      const found = await store.read(options, callback);
      await pause(nextInt(random, 4) === 0 ? 25 : nextInt(random, 3));
      return found;
    },
    check: () => store.check(),
    close: () => store.close(),
  };
}

interface Instance {
  readonly store: Store;
  readonly cache: ReadCache;
  readonly committer: Committer;
  readonly hits: Record<'local' | 'redis' | 'miss' | 'refused', number>;
  close(): void;
}

/** What a process is made of: its own local tier, write path and link to the bus, over the store that all share. */
async function startInstance(
  kv: MemoryKv,
  bus: ReturnType<ReturnType<typeof createMemoryHub>['connect']>,
  redisUrl: string | undefined,
): Promise<Instance> {
  const environment: Environment = realEnvironment;
  const raw = distant(createMemoryStore({ environment, kv }));
  const hits = { local: 0, redis: 0, miss: 0, refused: 0 };
  const redis =
    redisUrl === undefined
      ? undefined
      : new RedisTier({ url: redisUrl, deadlineMs: 500, now, onFailure: () => undefined });
  if (redis) await until(() => !redis.isAway);
  const cache = createReadCache({
    environment,
    maxBytes: 1_000_000,
    staleMs: STALE_MS,
    absentMs: 50,
    ask: askStore(raw),
    ...(redis && { redis }),
    metrics: {
      hit: (tier) => (hits[tier] += 1),
      miss: () => (hits.miss += 1),
      refused: () => (hits.refused += 1),
      asked: () => undefined,
      invalidated: () => undefined,
      evicted: () => undefined,
    },
  });
  const announce = createAnnouncer({ bus, ...(redis && { redis }) });
  const store = watchWrites(raw, (changes) => {
    cache.changed(changes);
    announce(changes);
  });
  await bus.subscribe(channels.changes, (payload) => {
    const changes = decodeChanges(payload);
    if (changes) cache.changed(changes);
  });
  const committer = createCommitter({
    store,
    environment,
    publish: () => undefined,
    writerId: crypto.randomUUID(),
  });
  return { store, cache, committer, hits, close: () => redis?.close() };
}

interface Written {
  readonly n: number;
  /** When it was acknowledged. */
  readonly at: number;
}

/** What one client has seen: of each object the newest, and of each brane the place that it sends back. */
class Session {
  readonly seen = new Map<ObjectId, number>();
  private readonly places = new Map<string, number>();

  constructor(private readonly sends: boolean) {}

  get demand(): Demand {
    if (!this.sends) return 'trusted';
    return [...this.places].map(([epoch, seq]) => ({ epoch, seq }));
  }

  saw(id: ObjectId, n: number, place: { readonly epoch: string; readonly seq: number }): void {
    this.seen.set(id, Math.max(n, this.seen.get(id) ?? 0));
    this.places.set(place.epoch, Math.max(place.seq, this.places.get(place.epoch) ?? 0));
  }
}

describe.each([
  ['in memory alone', false],
  ['with Redis behind it', true],
])('the cache of two processes, %s', (_name, withRedis) => {
  if (withRedis && !redisProgram()) {
    it.skip('neither redis-server nor valkey-server is installed', () => undefined);
    return;
  }
  let redis: RedisServer | undefined;
  let instances: Instance[];
  const owner = asUserId(crypto.randomUUID());
  const member = asUserId(crypto.randomUUID());
  const branes = [asBraneId(crypto.randomUUID()), asBraneId(crypto.randomUUID())] as const;
  const objects = Array.from({ length: WRITERS }, () => asObjectId(crypto.randomUUID()));
  const acknowledged = new Map<ObjectId, Written[]>(objects.map((id) => [id, []]));
  const wrong: string[] = [];
  /** When the member was certainly out: from the acknowledgement of his removal to the beginning of the next admission. */
  const out: { from: number; to: number }[] = [];
  let over = false;

  const actor = { kind: 'user', user_id: owner } as const;
  const braneOf = (id: ObjectId): BraneId => branes[objects.indexOf(id) % 2] ?? branes[0];
  const opId = () => asOpId(crypto.randomUUID());

  beforeAll(async () => {
    redis = withRedis ? await startRedisServer() : undefined;
    const kv = createMemoryKv();
    const hub = createMemoryHub({
      delivery: (deliver) => {
        // A third is lost, the rest is late, and some come twice.
        const fate = nextInt(random, 10);
        if (fate < 3) return;
        setTimeout(deliver, nextInt(random, 20));
        if (fate > 7) setTimeout(deliver, nextInt(random, 60));
      },
    });
    instances = [
      await startInstance(kv, hub.connect(), redis?.url),
      await startInstance(kv, hub.connect(), redis?.url),
    ];
    const [{ committer }] = instances as [Instance, Instance];
    for (const id of branes) {
      await committer.createBrane(actor, { op_id: opId(), id, name: 'town', visibility: 'private' });
    }
    for (const id of objects) {
      const brane_id = braneOf(id);
      const object = { id, kind: 'block', parent_id: brane_id, properties: { n: 0 } } as const;
      await committer.edit({ brane_id, actor, op_id: opId(), ops: [{ op: 'create', object }] });
    }
  });
  afterAll(async () => {
    for (const instance of instances) instance.close();
    await redis?.dispose();
  });

  async function look(instance: Instance, session: Session, id: ObjectId, by: UserId): Promise<void> {
    const began = now();
    const { demand } = session;
    const view = await readObjectFor(instance, { id, user_id: by, demand });
    const may = can(asUser(by), 'brane.view', view?.meta) === 'allowed';
    const wasOut = out.some(({ from, to }) => from + STALE_MS + ROUNDING_MS < began && now() < to);
    if (by === member && may && wasOut) wrong.push('somebody who is out is shown something');
    if (!view || (by === owner && !may)) {
      wrong.push('nothing is there');
      return;
    }
    const n = Number(view.object.properties['n']);
    const own = session.seen.get(id) ?? 0;
    if (n < own) wrong.push(`${n} after ${own} was seen`);
    const due = Math.max(0, ...bound(id, began - STALE_MS - ROUNDING_MS));
    if (n < due) wrong.push(`${n}, and ${due} was there longer than the stated staleness`);
    session.saw(id, n, view.head);
  }

  const bound = (id: ObjectId, before: number): number[] =>
    (acknowledged.get(id) ?? []).filter(({ at }) => at < before).map(({ n }) => n);

  async function write(id: ObjectId, index: number): Promise<void> {
    const [roaming, settled] = [new Session(true), new Session(false)];
    for (let n = 1; n <= EDITS; n += 1) {
      const instance = pick(random, instances);
      const ops = [{ op: 'update', id, set: { '/properties/n': n } }] as const;
      const { epoch, seq } = await instance.committer.edit({
        ...{ brane_id: braneOf(id), actor, op_id: opId(), ops },
      });
      acknowledged.get(id)?.push({ n, at: now() });
      roaming.saw(id, n, { epoch, seq });
      // Where it was written it is read at once, whatever is sent along; elsewhere with the place of the write.
      await look(pick(random, instances), roaming, id, owner);
      const own = new Session(false);
      own.saw(id, n, { epoch, seq });
      await look(instance, own, id, owner);
      await look(instances[index % 2] ?? instance, settled, id, owner);
    }
  }

  async function readAll(index: number): Promise<void> {
    const isRoaming = index % 2 === 0;
    const session = new Session(isRoaming);
    const home = instances[(index >> 1) % 2];
    while (!over) {
      const instance = isRoaming || !home ? pick(random, instances) : home;
      await look(instance, session, pick(random, objects), index < READERS - 2 ? owner : member);
      await pause(nextInt(random, 2));
    }
  }

  async function admitAndRemove(): Promise<void> {
    while (!over) {
      const { committer } = pick(random, instances);
      for (const id of branes) {
        const set = [{ op: 'set_member', user_id: member, role: 'viewer' }] as const;
        await committer.administer({ brane_id: id, actor, op_id: opId(), ops: set });
      }
      await pause(40);
      for (const id of branes) {
        const ops = [{ op: 'set_member', user_id: member, role: null }] as const;
        await committer.administer({ brane_id: id, actor, op_id: opId(), ops });
      }
      const span = { from: now(), to: Number.POSITIVE_INFINITY };
      out.push(span);
      await pause(STALE_MS + 100);
      span.to = now();
    }
  }

  it('shows nobody anything older than what he or his session has seen, or than the stated staleness; nothing to whom was put out (CACHE-1, CACHE-2, CACHE-3, CACHE-4, R7, L6)', async () => {
    const readers = Array.from({ length: READERS }, (_, index) => readAll(index));
    const doorman = admitAndRemove();
    const writers = Promise.all(objects.map((id, index) => write(id, index))).then(() =>
      until(() => out.length > 2),
    );
    const ended = writers.finally(() => (over = true));
    await Promise.all([...readers, doorman, ended]).finally(() => (over = true));
    expect([...new Set(wrong)].slice(0, 5)).toEqual([]);
    // It was a cache that was tested, in all its parts.
    for (const { hits } of instances) {
      expect(hits.local).toBeGreaterThan(20);
      expect(hits.miss).toBeGreaterThan(20);
      expect(hits.refused).toBeGreaterThan(0);
    }
    if (withRedis) expect(instances.map(({ hits }) => hits.redis > 0)).toEqual([true, true]);
  }, 60_000);

  it('shows the last of all to everybody once the stated staleness is over, though messages were lost (CACHE-5)', async () => {
    const began = now();
    await until(() => now() > began + STALE_MS);
    for (const instance of instances) {
      for (const id of objects) {
        const view = await readObjectFor(instance, { id, user_id: owner, demand: 'trusted' });
        expect(view?.object.properties['n']).toBe(EDITS);
      }
    }
  });
});
