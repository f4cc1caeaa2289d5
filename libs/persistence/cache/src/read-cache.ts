import type { Environment } from '@state-server/domain';
import type { CacheRead, Changes, Demand, Loaded, Place, ReadCache } from '@state-server/persistence-port';
import { JITTER, KnownPlaces } from './known-places';
import { type Absent, type Entry, LocalTier, type There } from './local-tier';
import { type CacheMetrics, NO_METRICS, type Tier } from './metrics';
import type { RedisTier } from './redis-tier';

export interface ReadCacheOptions {
  readonly environment: Pick<Environment, 'clock' | 'random'>;
  /** Of the local tier. */
  readonly maxBytes: number;
  /** Ms for which it is taken for granted that a scope still stands where the store said: the stated staleness. 0: never. */
  readonly staleMs: number;
  /** Ms for which it is believed that something is not there; at most `staleMs` counts. */
  readonly absentMs: number;
  /**
   * Asks the store where a scope stands; undefined where it does not say. Absent for scopes of which only reading them tells
   * (answers 'unknown').
   */
  readonly ask: (scope: string) => Promise<Place | undefined> | 'unknown';
  readonly redis?: RedisTier;
  readonly metrics?: CacheMetrics;
}

/** How long Redis keeps what a head fences, ms: whether it may be served is judged each time. */
const SHARED_LIFE_MS = 600_000;
/** How often somebody waits for another's reading before he reads himself. */
const JOINS = 3;

interface Flight<T> {
  readonly began: number;
  readonly promise: Promise<T>;
}

export interface Cache extends ReadCache {
  /** What a commit changed, of this process (before it is acknowledged) or of another. */
  changed(changes: Changes): void;
  readonly bytes: number;
  readonly entries: number;
}

export function createReadCache(options: ReadCacheOptions): Cache {
  return new TieredCache(options);
}

class TieredCache implements Cache {
  private readonly local: LocalTier;
  private readonly places: KnownPlaces;
  private readonly metrics: CacheMetrics;
  private readonly flights = new Map<string, Flight<Entry>>();
  private readonly asks = new Map<string, Flight<void>>();
  /** Commits heard of that gave out ids. */
  private idsSeen = 0;

  constructor(private readonly options: ReadCacheOptions) {
    const { random } = options.environment;
    this.metrics = options.metrics ?? NO_METRICS;
    this.local = new LocalTier(options.maxBytes, () => this.metrics.evicted());
    this.places = new KnownPlaces(options.staleMs, () => random.next());
  }

  get bytes(): number {
    return this.local.bytes;
  }

  get entries(): number {
    return this.local.size;
  }

  read<T>(read: CacheRead<T>): Loaded<T> | undefined | Promise<Loaded<T> | undefined> {
    const asked = this.now();
    const held = this.local.get(read.key);
    if (held && this.isGood(held, read.demand, asked)) return this.serve<T>(held, 'local', asked);
    return this.readLater(read, asked);
  }

  changed({ places, doubtful, ids }: Changes): void {
    const now = this.now();
    for (const place of places) {
      if (this.places.hear(place, now)) this.metrics.invalidated();
    }
    for (const scope of doubtful) this.places.doubt(scope, now);
    if (ids) this.idsSeen += 1;
  }

  private async readLater<T>(read: CacheRead<T>, asked: number): Promise<Loaded<T> | undefined> {
    for (let join = 0; join < JOINS; join += 1) {
      const running = this.flights.get(read.key);
      if (!running) break;
      // What began before this was asked for may have read something older than what the asker has seen.
      const entry = await running.promise;
      if (this.isGood(entry, read.demand, asked)) return this.serve<T>(entry, 'local', asked);
    }
    return answerOf<T>(await this.fly(read, asked));
  }

  private fly<T>(read: CacheRead<T>, asked: number): Promise<Entry> {
    const flight = { began: this.now(), promise: this.fetch(read, asked) };
    this.flights.set(read.key, flight);
    const land = (): void => {
      if (this.flights.get(read.key) === flight) this.flights.delete(read.key);
    };
    flight.promise.then(land, land);
    return flight.promise;
  }

  private async fetch<T>(read: CacheRead<T>, asked: number): Promise<Entry> {
    const held = this.local.get(read.key);
    if (held?.kind === 'there' && (await this.holds(held, read.demand, asked))) {
      this.hit(held, 'local', asked);
      return held;
    }
    const shared = await this.fromRedis(read.key);
    if (shared && (await this.holds(shared, read.demand, asked))) {
      this.hit(shared, 'redis', asked);
      this.keepHere(read.key, shared);
      return shared;
    }
    return this.load(read);
  }

  /** Whether it may be served; where this process cannot tell, the store is asked where its scope stands. */
  private async holds({ place }: There, demand: Demand, asked: number): Promise<boolean> {
    for (;;) {
      const verdict = this.places.judge(place, demand, asked);
      if (verdict !== 'unsure') return verdict === 'current';
      const question = this.asks.get(place.scope) ?? this.askStore(place.scope);
      if (!question) return false;
      await question.promise;
      if (question.began >= asked) return this.places.judge(place, demand, asked) === 'current';
    }
  }

  /** One question at a time for each scope. Undefined where the store cannot tell without reading it all. */
  private askStore(scope: string): Flight<void> | undefined {
    const began = this.now();
    const answer = this.options.ask(scope);
    if (answer === 'unknown') return undefined;
    this.metrics.asked();
    const promise = answer
      .then((place) => {
        if (place) this.places.learn(place, began);
        else this.places.doubt(scope, began);
      })
      .finally(() => this.asks.delete(scope));
    const question = { began, promise };
    this.asks.set(scope, question);
    return question;
  }

  private async fromRedis(key: string): Promise<There | undefined> {
    const { redis, staleMs } = this.options;
    if (!redis || redis.isAway) return undefined;
    const began = this.now();
    const shared = await redis.get(key);
    if (!shared) return undefined;
    const { entry, leftMs } = shared;
    // A document that is its own scope lives there only while it is trusted: its life tells since when.
    if (entry.place.scope === key)
      this.places.learn(entry.place, began + Math.min(leftMs, staleMs) - staleMs);
    return entry;
  }

  private async load<T>(read: CacheRead<T>): Promise<Entry> {
    const began = this.now();
    const { idsSeen } = this;
    const loaded = await read.load();
    this.metrics.miss(loaded ? 'found' : 'absent');
    if (!loaded) return this.noteAbsent(read.key, began, idsSeen);
    const { place, value, also = [] } = loaded;
    const isNewest = this.places.learn(place, began);
    for (const item of also)
      this.keep(item.key, { kind: 'there', value: item.value, place }, isNewest, began);
    return this.keep(read.key, { kind: 'there', value, place }, isNewest, began);
  }

  private keep(key: string, entry: There, isNewest: boolean, began: number): There {
    if (!isNewest) {
      this.metrics.refused('local');
      return entry;
    }
    this.keepHere(key, entry);
    const { redis, staleMs } = this.options;
    if (!redis) return entry;
    const ownScope = entry.place.scope === key;
    const life = ownScope ? began + staleMs - this.now() : SHARED_LIFE_MS;
    if (life <= 0) return entry;
    void redis.offer(key, entry, this.shortened(life)).then((kept) => {
      if (!kept) this.metrics.refused('redis');
    });
    return entry;
  }

  private keepHere(key: string, entry: There): void {
    if (!this.local.put(key, entry)) this.metrics.refused('local');
  }

  private noteAbsent(key: string, began: number, idsSeen: number): Absent {
    const { absentMs, staleMs } = this.options;
    const until = began + this.shortened(Math.min(absentMs, staleMs));
    const entry: Absent = { kind: 'absent', until, idsSeen };
    if (idsSeen === this.idsSeen) this.local.put(key, entry);
    else this.local.drop(key);
    return entry;
  }

  private isGood(entry: Entry, demand: Demand, asked: number): boolean {
    if (entry.kind === 'there') return this.places.judge(entry.place, demand, asked) === 'current';
    return demand === 'trusted' && asked < entry.until && entry.idsSeen === this.idsSeen;
  }

  private serve<T>(entry: Entry, tier: Tier, asked: number): Loaded<T> | undefined {
    this.hit(entry, tier, asked);
    return answerOf<T>(entry);
  }

  private hit(entry: Entry, tier: Tier, asked: number): void {
    const age = entry.kind === 'there' ? this.places.ageMs(entry.place.scope, asked) : 0;
    this.metrics.hit(tier, Math.max(0, age));
  }

  /** Lives differ, so that what was read together is not read together again. */
  private shortened(ms: number): number {
    return ms * (1 - JITTER * this.options.environment.random.next());
  }

  private now(): number {
    return this.options.environment.clock.monotonic();
  }
}

function answerOf<T>(entry: Entry): Loaded<T> | undefined {
  // What stands under a key was read by whoever uses that key: its type is his.
  return entry.kind === 'there' ? (entry as There & { readonly value: T }) : undefined;
}
