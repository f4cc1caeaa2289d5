import type { Quota } from '@state-server/limits-port';
import {
  addressKey,
  type LimitedQuota,
  type Limiter,
  rateLimit,
  rateLimitPolicy,
  type Spent,
} from '@state-server/platform';
import type { LimitClass } from '@state-server/protocol';
import type { ApiGatewayConfig } from '../config';

/** Who is known: each kind has quotas of its own. */
export type CallerKind = 'user' | 'guest' | 'service';

/** What somebody who is known asks for. */
export type CallerClass = Exclude<LimitClass, 'none'>;

/** `address`: every request, before anybody is known. The others: of each caller, by what he asks for. */
export type Quotas = Readonly<Record<CallerClass | 'address', Quota>>;

export interface RateLimitsOptions {
  readonly limiter: Limiter;
  readonly quotas: Quotas;
  /** What guests and service keys may ask, as a share of what a user may, in percent. */
  readonly percent: Readonly<Record<Exclude<CallerKind, 'user'>, number>>;
}

/** What became of one request. A class, because two are made for each: a getter in a literal would cost a µs. */
export class Admission {
  constructor(
    private readonly quota: Named,
    private readonly spent: Spent,
  ) {}

  get allowed(): boolean {
    return this.spent.allowed;
  }

  /** Until it would be let through; 0 where it was. */
  get retryMs(): number {
    return this.spent.retryMs;
  }

  /** For the header RateLimit-Policy. */
  get policy(): string {
    return this.quota.policy;
  }

  /** For the header RateLimit. */
  get left(): string {
    return rateLimit(this.quota.name, this.spent);
  }
}

const CLASSES = [
  'read',
  'write',
  'search',
  'heavy',
  'upload',
  'auth',
] as const satisfies readonly CallerClass[];
const KINDS = ['user', 'guest', 'service'] as const satisfies readonly CallerKind[];

/** A quota as callers are told of it. */
interface Named {
  readonly name: string;
  readonly policy: string;
  readonly limited: LimitedQuota;
}

/** The limits of the origin. They bound abuse, they are no billing: see docs/spec/edge.md. */
export class RateLimits {
  private readonly ofAddress: Named;
  private readonly ofAuth: Named;
  private readonly ofCaller: Readonly<Record<CallerKind, ReadonlyMap<CallerClass, Named>>>;

  constructor({ limiter, quotas, percent }: RateLimitsOptions) {
    const named = (name: string, quota: Quota, space = name): Named => ({
      name,
      policy: rateLimitPolicy(name, quota),
      limited: limiter.quota(space, quota),
    });
    this.ofAddress = named('address', quotas.address);
    this.ofAuth = named('auth', quotas.auth);
    const shares = { user: 100, ...percent };
    const of = (kind: CallerKind): ReadonlyMap<CallerClass, Named> =>
      new Map(
        CLASSES.map((name) => [name, named(name, share(quotas[name], shares[kind]), `${kind}.${name}`)]),
      );
    const [user, guest, service] = [of(KINDS[0]), of(KINDS[1]), of(KINDS[2])];
    this.ofCaller = { user, guest, service };
  }

  /** One request of an address, whoever comes from there. */
  spendOfAddress(address: string): Admission {
    return spend(this.ofAddress, addressKey(address));
  }

  /** One request that goes to auth: who asks is nobody yet. */
  spendOfAuth(address: string): Admission {
    return spend(this.ofAuth, addressKey(address));
  }

  /** One request of a caller who is known. */
  spendOfCaller(caller: { readonly kind?: CallerKind; readonly id: string }, name: CallerClass): Admission {
    const quota = this.ofCaller[caller.kind ?? 'user'].get(name);
    if (!quota) throw new RangeError(`there is no class ${name}`);
    return spend(quota, caller.id);
  }
}

/** The quotas of the installation. */
export function quotasOf(config: ApiGatewayConfig): Quotas {
  return {
    address: config.LIMIT_ADDRESS,
    auth: config.LIMIT_AUTH,
    read: config.LIMIT_READ,
    write: config.LIMIT_WRITE,
    search: config.LIMIT_SEARCH,
    heavy: config.LIMIT_HEAVY,
    upload: config.LIMIT_UPLOAD,
  };
}

function share({ points, seconds }: Quota, percent: number): Quota {
  return { points: Math.max(1, Math.round((points * percent) / 100)), seconds };
}

function spend(quota: Named, who: string): Admission {
  return new Admission(quota, quota.limited.take(who));
}
