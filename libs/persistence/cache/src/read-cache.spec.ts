import type { Changes, Demand, Loaded, Place } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { type Cache, createReadCache } from './read-cache';

const STALE_MS = 100;
const scope = 'brane:b';

/** A store of numbers: each says where its scope stood when it was read. */
class World {
  readonly environment: FakeEnvironment = createFakeEnvironment();
  readonly places = new Map<string, Place>();
  readonly values = new Map<string, unknown>();
  readonly counts = { hit: 0, redis: 0, miss: 0, asked: 0, refused: 0, evicted: 0, invalidated: 0 };
  ages: number[] = [];
  loads = 0;
  failing = false;
  /** What the next loads wait for, after they have read. */
  gate: Promise<void> | undefined;
  readonly cache: Cache;

  constructor(options: { readonly staleMs?: number; readonly maxBytes?: number } = {}) {
    const { counts } = this;
    this.cache = createReadCache({
      environment: this.environment,
      maxBytes: options.maxBytes ?? 100_000,
      staleMs: options.staleMs ?? STALE_MS,
      absentMs: 50,
      ask: (asked) => (asked.startsWith('brane:') ? this.answer(() => this.places.get(asked)) : 'unknown'),
      metrics: {
        hit: (tier, age) => {
          counts[tier === 'local' ? 'hit' : 'redis'] += 1;
          this.ages.push(age);
        },
        miss: () => (counts.miss += 1),
        asked: () => (counts.asked += 1),
        refused: () => (counts.refused += 1),
        evicted: () => (counts.evicted += 1),
        invalidated: () => (counts.invalidated += 1),
      },
    });
  }

  /** A commit of somebody, of which this process hears or does not. */
  write(value: unknown, seq: number, heard: 'heard' | 'unheard' = 'unheard', epoch = 'e'): void {
    const place = { scope, epoch, seq };
    this.places.set(scope, place);
    this.values.set('key', value);
    if (heard === 'heard') this.changed({ places: [place] });
  }

  changed(changes: Partial<Changes>): void {
    this.cache.changed({ places: [], doubtful: [], ids: false, ...changes });
  }

  async read(demand: Demand = 'trusted', key = 'key'): Promise<unknown> {
    const found = await this.cache.read({ key, demand, load: () => this.load(key) });
    return found?.value;
  }

  private load(key: string): Promise<Loaded<unknown> | undefined> {
    this.loads += 1;
    const [value, place] = [this.values.get(key), this.places.get(scope)];
    return this.answer(() => (value === undefined || !place ? undefined : { value, place }));
  }

  private async answer<T>(what: () => T): Promise<T> {
    const result = what();
    await this.gate;
    if (this.failing) throw new Error('the store is away');
    return result;
  }
}

function held(): { readonly gate: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  return { gate, open };
}

describe('what was read', () => {
  it('is answered at once from this process while it may be trusted, and the store is asked where it stands afterwards (CACHE-2)', async () => {
    const world = new World();
    world.write('one', 1);
    await world.read();
    await world.environment.advance(70);
    const again = world.cache.read({
      key: 'key',
      demand: 'trusted',
      load: () => Promise.reject(new Error('no')),
    });
    expect(again).toMatchObject({ value: 'one', place: { seq: 1 } });
    expect(world.ages).toEqual([70]);
    await world.environment.advance(31);
    expect(await world.read()).toBe('one');
    expect(world.counts).toMatchObject({ hit: 2, miss: 1, asked: 1 });
  });

  it('is not older than the stated staleness, though nobody was told of the change (CACHE-2, CACHE-5)', async () => {
    const world = new World();
    world.write('one', 1);
    await world.read();
    world.write('two', 2);
    await world.environment.advance(STALE_MS);
    expect(await world.read()).toBe('two');
  });

  it('is old as soon as a commit is heard of, late and twice as it may come (CACHE-1, CACHE-2)', async () => {
    const world = new World();
    world.write('one', 1);
    await world.read();
    world.write('two', 2, 'heard');
    expect(await world.read()).toBe('two');
    world.changed({ places: [{ scope, epoch: 'e', seq: 1 }] });
    world.changed({ places: [{ scope, epoch: 'e', seq: 2 }] });
    expect([await world.read(), world.loads]).toEqual(['two', 2]);
    expect(world.counts.invalidated).toBe(1);
  });

  it('is never put back by a late writer (CACHE-1)', async () => {
    const world = new World();
    world.write('one', 1);
    const { gate, open } = held();
    world.gate = gate;
    const late = world.read();
    await world.environment.settle();
    world.gate = undefined;
    world.write('two', 2, 'heard');
    const other = world.cache.read({
      key: 'other',
      demand: 'trusted',
      load: () => Promise.resolve({ value: 0, place: { scope, epoch: 'e', seq: 2 } }),
    });
    expect(await other).toMatchObject({ value: 0 });
    open();
    // Whoever asked before the commit may have what was there before it; nobody else has.
    expect(await late).toBe('one');
    expect(world.counts.refused).toBe(1);
    expect(await world.read()).toBe('two');
  });

  it('of another epoch is asked for anew, and what comes late from the old one changes nothing (CACHE-1, L3)', async () => {
    const world = new World();
    world.write('one', 7);
    await world.read();
    const { gate, open } = held();
    world.gate = gate;
    const late = world.read('latest', 'other key');
    await world.environment.settle();
    world.gate = undefined;
    await world.environment.advance(1);
    world.write('restored', 3, 'heard', 'f');
    expect(await world.read()).toBe('restored');
    open();
    await late;
    expect([await world.read(), world.loads]).toEqual(['restored', 3]);
  });

  it('cannot be changed by those who are given it (CACHE-1)', async () => {
    const world = new World();
    world.write({ deep: { n: 1 }, bytes: new Uint8Array(2) }, 1);
    const value = await world.read();
    expect(Object.isFrozen(value) && Object.isFrozen((value as { deep: object }).deep)).toBe(true);
  });
});

describe('whoever says what he has seen (R7)', () => {
  const seen = (seq: number, epoch = 'e'): Demand => [{ epoch, seq }];

  it('is answered with nothing older, and at once with what is as new (CACHE-3)', async () => {
    const world = new World();
    world.write('one', 1);
    await world.read();
    await world.environment.advance(1);
    world.write('two', 2);
    expect([await world.read(seen(1)), world.counts.asked]).toEqual(['one', 0]);
    expect(await world.read(seen(2))).toBe('two');
    expect(await world.read()).toBe('two');
  });

  it('and names no place of this scope is answered with what the store has now, as by no-cache (CACHE-3)', async () => {
    for (const demand of ['latest', [], seen(9, 'another brane')] as const) {
      const world = new World();
      world.write('one', 1);
      await world.read();
      world.write('two', 2);
      await world.environment.advance(1);
      expect(await world.read(demand)).toBe('two');
    }
  });

  it('is not answered with what another began to read before (CACHE-3, CACHE-6)', async () => {
    const world = new World();
    world.write('one', 1);
    const { gate, open } = held();
    world.gate = gate;
    const first = world.read();
    await world.environment.advance(1);
    world.gate = undefined;
    world.write('two', 2);
    const second = world.read(seen(2));
    open();
    expect(await Promise.all([first, second])).toEqual(['one', 'two']);
  });

  it('has the store asked once for all who want the latest at one time (CACHE-6)', async () => {
    const world = new World();
    world.write('one', 1);
    await world.read();
    await world.environment.advance(1);
    await Promise.all(Array.from({ length: 20 }, () => world.read('latest')));
    expect([world.counts.asked, world.loads]).toEqual([1, 1]);
  });
});

describe('many who ask at once', () => {
  it('have it read once (CACHE-6)', async () => {
    const world = new World();
    world.write('one', 1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => world.read()));
    expect([new Set(answers).size, world.loads]).toEqual([1, 1]);
  });

  it('are all told that it failed, and the next one reads again (CACHE-6, CACHE-12)', async () => {
    const world = new World();
    world.write('one', 1);
    world.failing = true;
    const answers = await Promise.allSettled([world.read(), world.read()]);
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    world.failing = false;
    expect(await world.read()).toBe('one');
  });
});

describe('what is not there', () => {
  it('is believed for a moment (CACHE-7)', async () => {
    const world = new World();
    await world.read();
    world.write('one', 1);
    expect([await world.read(), world.loads]).toEqual([undefined, 1]);
    await world.environment.advance(50);
    expect(await world.read()).toBe('one');
  });

  it('is not believed any more once an id was given out, nor by whoever says what he has seen (CACHE-7, CACHE-3)', async () => {
    const world = new World();
    await world.read();
    world.write('one', 1);
    expect(await world.read([{ epoch: 'e', seq: 1 }])).toBe('one');
    const other = new World();
    await other.read();
    other.write('one', 1);
    other.changed({ ids: true });
    expect(await other.read()).toBe('one');
  });

  it('is not noted by whoever looked before the id was given out (CACHE-7)', async () => {
    const world = new World();
    const { gate, open } = held();
    world.gate = gate;
    const early = world.read();
    await world.environment.settle();
    world.gate = undefined;
    world.write('one', 1);
    world.changed({ ids: true });
    open();
    expect(await early).toBeUndefined();
    expect(await world.read()).toBe('one');
  });
});

describe('the local tier', () => {
  it('holds no more bytes than it may: what was used longest ago goes (CACHE-8)', async () => {
    const world = new World({ maxBytes: 20_000 });
    world.write('', 1);
    for (let n = 0; n < 40; n += 1) world.values.set(`key ${n}`, 'x'.repeat(1_000));
    for (let n = 0; n < 40; n += 1) {
      await world.read('trusted', `key ${n}`);
      await world.read('trusted', 'key 0');
      expect(world.cache.bytes).toBeLessThanOrEqual(20_000);
    }
    expect(world.counts.evicted).toBeGreaterThan(25);
    const { loads } = world;
    await world.read('trusted', 'key 0');
    expect(world.loads).toBe(loads);
    await world.read('trusted', 'key 1');
    expect(world.loads).toBe(loads + 1);
  });

  it('with a staleness of 0 asks the store each time, and reads only what has changed (CACHE-2)', async () => {
    const world = new World({ staleMs: 0 });
    world.write('one', 1);
    for (let n = 0; n < 3; n += 1) {
      await world.environment.advance(1);
      expect(await world.read()).toBe('one');
    }
    world.write('two', 2);
    await world.environment.advance(1);
    expect([await world.read(), world.loads, world.counts.asked]).toEqual(['two', 2, 3]);
  });

  it('answers from what is trusted while the store is away, and from nothing else (CACHE-12, F3)', async () => {
    const world = new World();
    world.write('one', 1);
    await world.read();
    world.failing = true;
    expect(await world.read()).toBe('one');
    await expect(world.read('latest', 'another')).rejects.toThrow('away');
    await world.environment.advance(STALE_MS);
    await expect(world.read()).rejects.toThrow('away');
  });

  it('takes nothing for granted of a scope of which nobody knows where it stands (CACHE-11)', async () => {
    const world = new World();
    world.write('one', 1);
    await world.read();
    world.write('two', 2);
    await world.environment.advance(1);
    world.changed({ doubtful: [scope] });
    expect(await world.read()).toBe('two');
  });
});
