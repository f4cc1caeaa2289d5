import type { BraneId, Environment, TimerHandle, UserId } from '@state-server/domain';
import type { RosterDoc, Store, Transaction } from '@state-server/persistence-port';
import { toHttpError } from '@state-server/platform';
import { isAlive, PEOPLE_PER_ROSTER, ROSTER_EVERY_MS, ROSTERS_PER_BRANE } from './roster-times';

/** Who comes in. */
export interface Arrival {
  readonly user_id: UserId;
  /** He gets in however full it is: somebody has to keep order. */
  readonly isKeeper: boolean;
  /** What the brane wants at most; absent: nothing. */
  readonly most?: number | undefined;
}

export interface RosterDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  /** Of this process, new at each start. */
  readonly gateway: string;
  /** People that the server lets into one brane at most. */
  readonly most: number;
  readonly onFailure?: (error: unknown) => void;
}

/** Who is in which brane by this gateway, told to the others by way of the store. */
export interface Roster {
  /** Counts him in, and answers true; false: the brane is full. Rejects when the store is away and it matters. */
  enter(braneId: BraneId, arrival: Arrival): Promise<boolean>;
  /** One of his ways in is gone; with the last he is. */
  leave(braneId: BraneId, userId: UserId): void;
  /** Nobody is here any more. */
  close(): Promise<void>;
}

interface Place {
  readonly since: string;
  ways: number;
}

interface Waiting {
  readonly arrival: Arrival;
  readonly settle: (isIn: boolean) => void;
  readonly fail: (error: unknown) => void;
}

interface Here {
  readonly people: Map<UserId, Place>;
  /** Who is there by other gateways, as it was read last. */
  others: ReadonlySet<UserId>;
  waiting: Waiting[];
  isAdmitting: boolean;
  /** Documents that were written and are to be taken back when fewer are needed. */
  documents: number;
  writtenAt: number;
}

/** What has changed is written so much later, together with what else has, ms. */
const SOON_MS = 300;
const BRANES_AT_ONCE = 50;

/**
 * A document per brane and gateway says who is there; one that is not renewed is dead. Where the brane itself has a limit,
 * whoever comes in is counted in a transaction that all who count in that brane conflict with, so the limit is exact over
 * all gateways. The server's own is held by what was read last: it may be passed by who comes in by several gateways within
 * half a second.
 */
export function createRoster(deps: RosterDeps): Roster {
  return new StoredRoster(deps);
}

class StoredRoster implements Roster {
  private readonly branes = new Map<BraneId, Here>();
  private readonly changed = new Set<BraneId>();
  private timer: TimerHandle | undefined;
  private beat: TimerHandle | undefined;
  private closed = false;

  constructor(private readonly deps: RosterDeps) {}

  async enter(braneId: BraneId, arrival: Arrival): Promise<boolean> {
    const here = this.branes.get(braneId) ?? this.open(braneId);
    const known = here.people.get(arrival.user_id);
    if (known) {
      known.ways += 1;
      return true;
    }
    if (arrival.most !== undefined && !arrival.isKeeper) {
      return new Promise<boolean>((settle, fail) => {
        here.waiting.push({ arrival, settle, fail });
        void this.admit(braneId, here);
      });
    }
    const isKnown = here.others.has(arrival.user_id);
    const isFull = union(here) >= this.deps.most && !isKnown && !arrival.isKeeper;
    if (!isFull) this.add(here, arrival.user_id);
    this.soon(braneId);
    return !isFull;
  }

  leave(braneId: BraneId, userId: UserId): void {
    const here = this.branes.get(braneId);
    const place = here?.people.get(userId);
    if (!here || !place) return;
    place.ways -= 1;
    if (place.ways > 0) return;
    here.people.delete(userId);
    this.soon(braneId);
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const handle of [this.timer, this.beat]) {
      if (handle !== undefined) this.deps.environment.timers.clear(handle);
    }
    for (const here of this.branes.values()) here.people.clear();
    await this.write([...this.branes.keys()]);
  }

  private open(braneId: BraneId): Here {
    const here: Here = {
      people: new Map(),
      others: new Set(),
      waiting: [],
      isAdmitting: false,
      documents: 0,
      writtenAt: 0,
    };
    this.branes.set(braneId, here);
    this.keepBeating();
    return here;
  }

  private add({ people }: Here, userId: UserId): void {
    const place = people.get(userId);
    if (place) place.ways += 1;
    else people.set(userId, { since: this.now(), ways: 1 });
  }

  /** Lets in whoever waits, as far as there is room, one transaction at a time. */
  private async admit(braneId: BraneId, here: Here): Promise<void> {
    if (here.isAdmitting) return;
    here.isAdmitting = true;
    try {
      while (here.waiting.length > 0) {
        const waiting = here.waiting;
        here.waiting = [];
        await this.admitThese(braneId, here, waiting);
      }
    } finally {
      here.isAdmitting = false;
    }
  }

  private async admitThese(braneId: BraneId, here: Here, waiting: readonly Waiting[]): Promise<void> {
    try {
      const admitted = await this.deps.store.transact({ label: 'people.admit' }, async (tx) => {
        await this.readOthers(tx, braneId, here);
        const inside = new Set([...here.others, ...here.people.keys()]);
        const fresh = new Map<UserId, Place>();
        const answers = waiting.map(({ arrival: { user_id, most = this.deps.most } }) => {
          if (!inside.has(user_id) && inside.size >= Math.min(most, this.deps.most)) return false;
          inside.add(user_id);
          if (!here.people.has(user_id)) fresh.set(user_id, { since: this.now(), ways: 1 });
          return true;
        });
        // Whoever counts in this brane writes this: of two at the same time one counts again (P1).
        tx.put('rosters', { brane_id: braneId, gateway: '', at: this.now(), people: [] });
        this.put(tx, braneId, here, new Map([...fresh, ...here.people]));
        return answers;
      });
      waiting.forEach(({ arrival, settle }, index) => {
        const isIn = admitted[index] === true;
        if (isIn) this.add(here, arrival.user_id);
        settle(isIn);
      });
      // Somebody else's write may have been on its way meanwhile.
      this.soon(braneId);
    } catch (error) {
      for (const { fail } of waiting) fail(toHttpError(error));
    }
  }

  private async readOthers(tx: Transaction, braneId: BraneId, here: Here): Promise<void> {
    const now = this.deps.environment.clock.now();
    const rosters = await tx.range('rosters', { prefix: [braneId], limit: ROSTERS_PER_BRANE });
    const others = rosters.filter((one) => !this.isOurs(one) && isAlive(one, now));
    here.others = new Set(others.flatMap(({ people }) => people.map(({ user_id }) => user_id)));
  }

  private isOurs({ gateway }: Pick<RosterDoc, 'gateway'>): boolean {
    return gateway.startsWith(`${this.deps.gateway}/`);
  }

  private put(tx: Transaction, braneId: BraneId, here: Here, people: ReadonlyMap<UserId, Place>): void {
    const all = [...people].map(([user_id, { since }]) => ({ user_id, since }));
    const documents = Math.ceil(all.length / PEOPLE_PER_ROSTER);
    const at = this.now();
    for (let page = 0; page < Math.max(documents, here.documents); page += 1) {
      const gateway = `${this.deps.gateway}/${page}`;
      const some = all.slice(page * PEOPLE_PER_ROSTER, (page + 1) * PEOPLE_PER_ROSTER);
      if (some.length > 0) tx.put('rosters', { brane_id: braneId, gateway, at, people: some });
      else tx.delete('rosters', [braneId, gateway]);
    }
    here.documents = Math.max(documents, here.documents);
    here.writtenAt = this.deps.environment.clock.monotonic();
  }

  private soon(braneId: BraneId): void {
    if (this.closed) return;
    this.changed.add(braneId);
    this.timer ??= this.deps.environment.timers.set(SOON_MS, () => {
      this.timer = undefined;
      const branes = [...this.changed];
      this.changed.clear();
      void this.write(branes);
    });
  }

  private async write(braneIds: readonly BraneId[]): Promise<void> {
    for (let start = 0; start < braneIds.length; start += BRANES_AT_ONCE) {
      const some = braneIds.slice(start, start + BRANES_AT_ONCE);
      try {
        await this.deps.store.transact({ label: 'people.write' }, async (tx) => {
          for (const braneId of some) {
            const here = this.branes.get(braneId);
            if (!here) continue;
            await this.readOthers(tx, braneId, here);
            this.put(tx, braneId, here, here.people);
          }
        });
        for (const braneId of some) this.forgetEmpty(braneId);
      } catch (error) {
        this.deps.onFailure?.(error);
        for (const braneId of some) this.soon(braneId);
      }
    }
  }

  private forgetEmpty(braneId: BraneId): void {
    const here = this.branes.get(braneId);
    if (here?.people.size === 0 && here.waiting.length === 0 && !here.isAdmitting) {
      if (!this.changed.has(braneId)) this.branes.delete(braneId);
    }
  }

  /** Says again who is there; no timer runs while there is nobody. */
  private keepBeating(): void {
    if (this.closed) return;
    this.beat ??= this.deps.environment.timers.set(ROSTER_EVERY_MS, () => {
      this.beat = undefined;
      const { clock } = this.deps.environment;
      const old = clock.monotonic() - ROSTER_EVERY_MS / 2;
      for (const [braneId, here] of this.branes) if (here.writtenAt < old) this.soon(braneId);
      if (this.branes.size > 0) this.keepBeating();
    });
  }

  private now(): string {
    return new Date(this.deps.environment.clock.now()).toISOString();
  }
}

function union({ people, others }: Here): number {
  let count = people.size;
  for (const id of others) if (!people.has(id)) count += 1;
  return count;
}
