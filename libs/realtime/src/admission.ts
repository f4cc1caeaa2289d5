import type { BraneId, Environment, UserId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { RealtimeLimits } from './limits';
import { TokenBucket } from './token-bucket';

/** Who sends an edit, from where, and into which brane. */
export interface EditSource {
  readonly userId: UserId;
  readonly address: string;
  /** Undefined: he is in none of this id, and is told so. */
  readonly braneId: BraneId | undefined;
}

/** What of a gateway's limits was met: counted, so that it is seen who they hit. */
export type LimitScope = 'session' | 'user' | 'address' | 'brane';

/** How many may be there, and how fast they may edit, counted over all connections of this process (ID19). */
export class Admission {
  private readonly users = new Counts();
  private readonly addresses = new Counts();
  private readonly branes = new Counts();
  private readonly rates: Readonly<Record<Exclude<LimitScope, 'session'>, Buckets>>;

  constructor(
    private readonly limits: RealtimeLimits,
    { clock }: Pick<Environment, 'clock'>,
    private readonly onRefused: (what: 'sockets' | 'edits', scope: LimitScope) => void,
  ) {
    const buckets = (perSecond: number): Buckets =>
      new Buckets(() => new TokenBucket(clock, perSecond, 3 * perSecond));
    this.rates = {
      user: buckets(limits.edits_per_second_user),
      address: buckets(limits.edits_per_second_address),
      brane: buckets(limits.edits_per_second_brane),
    };
  }

  /** A connection, before anybody knows whose it is. Throws `session.too_many`; answers how to give the place back. */
  enterFrom(address: string): () => void {
    const max = this.limits.sessions_per_address;
    return this.enter(this.addresses, address, 'address', max, () =>
      fail('session.too_many', { limit: 'address', max }),
    );
  }

  /** The session of a user. Throws `session.too_many`. */
  enterAs(userId: UserId): () => void {
    const max = this.limits.sessions_per_user;
    return this.enter(this.users, userId, 'user', max, () =>
      fail('session.too_many', { limit: 'user', max }),
    );
  }

  /** A session in a brane. Throws `session.too_many`. */
  enterBrane(braneId: BraneId): () => void {
    const max = this.limits.sessions_per_brane;
    return this.enter(this.branes, braneId, 'brane', max, () =>
      fail('session.too_many', { limit: 'brane', max }),
    );
  }

  /** One edit, as far as the session, its user, its address and the brane may edit now. Throws `rate.limited`, and takes nothing then. */
  takeEdit(own: TokenBucket, { userId, address, braneId }: EditSource): void {
    const buckets: [LimitScope, TokenBucket][] = [
      ['session', own],
      ['user', this.rates.user.of(userId)],
      ['address', this.rates.address.of(address)],
    ];
    if (braneId !== undefined) buckets.push(['brane', this.rates.brane.of(braneId)]);
    for (const [per, bucket] of buckets) {
      const retryAfterMs = bucket.waitMs();
      if (retryAfterMs === 0) continue;
      this.onRefused('edits', per);
      throw fail('rate.limited', { limit: 'edits', per }, undefined, { retryAfterMs });
    }
    for (const [, bucket] of buckets) bucket.take();
  }

  /** Forgets who has not edited for so long that it makes no difference. To be called now and then. */
  prune(): void {
    for (const rate of Object.values(this.rates)) rate.prune();
  }

  private enter(
    counts: Counts,
    key: string,
    scope: LimitScope,
    max: number,
    refusal: () => Error,
  ): () => void {
    if (counts.of(key) >= max) {
      this.onRefused('sockets', scope);
      throw refusal();
    }
    return counts.enter(key);
  }
}

class Counts {
  private readonly open = new Map<string, number>();

  of(key: string): number {
    return this.open.get(key) ?? 0;
  }

  /** Answers how to give the place back; again does nothing. */
  enter(key: string): () => void {
    this.open.set(key, this.of(key) + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = this.of(key) - 1;
      if (left > 0) this.open.set(key, left);
      else this.open.delete(key);
    };
  }
}

/** One bucket for each that edits; who reconnects finds the same one again. */
class Buckets {
  private readonly known = new Map<string, TokenBucket>();

  constructor(private readonly make: () => TokenBucket) {}

  of(key: string): TokenBucket {
    const known = this.known.get(key);
    if (known) return known;
    const made = this.make();
    this.known.set(key, made);
    return made;
  }

  prune(): void {
    for (const [key, bucket] of this.known) if (bucket.isFull()) this.known.delete(key);
  }
}
