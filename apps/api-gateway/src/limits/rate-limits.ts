import type { Quota } from '@state-server/limits-port';
import { addressKey, type LimitedQuota, type Limiter, rateLimitHeaders } from '@state-server/platform';
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

export interface Admission {
  readonly allowed: boolean;
  /** RateLimit and RateLimit-Policy. */
  readonly headers: Readonly<Record<string, string>>;
  /** Until it would be let through; 0 where it was. */
  readonly retryMs: number;
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

/** The limits of the origin. They bound abuse, they are no billing: see docs/spec/edge.md. */
export class RateLimits {
  private readonly ofAddress: LimitedQuota;
  private readonly ofAuth: LimitedQuota;
  private readonly ofCaller: Readonly<Record<CallerKind, ReadonlyMap<CallerClass, LimitedQuota>>>;

  constructor({ limiter, quotas, percent }: RateLimitsOptions) {
    this.ofAddress = limiter.quota('address', quotas.address);
    this.ofAuth = limiter.quota('auth', quotas.auth);
    const shares = { user: 100, ...percent };
    const of = (kind: CallerKind): ReadonlyMap<CallerClass, LimitedQuota> =>
      new Map(
        CLASSES.map((name) => [name, limiter.quota(`${kind}.${name}`, share(quotas[name], shares[kind]))]),
      );
    const [user, guest, service] = [of(KINDS[0]), of(KINDS[1]), of(KINDS[2])];
    this.ofCaller = { user, guest, service };
  }

  /** One request of an address, whoever comes from there. */
  spendOfAddress(address: string): Admission {
    return spend('address', this.ofAddress, addressKey(address));
  }

  /** One request that goes to auth: who asks is nobody yet. */
  spendOfAuth(address: string): Admission {
    return spend('auth', this.ofAuth, addressKey(address));
  }

  /** One request of a caller who is known. */
  spendOfCaller(caller: { readonly kind?: CallerKind; readonly id: string }, name: CallerClass): Admission {
    const quota = this.ofCaller[caller.kind ?? 'user'].get(name);
    if (!quota) throw new RangeError(`there is no class ${name}`);
    return spend(name, quota, caller.id);
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

function spend(name: string, limited: LimitedQuota, who: string): Admission {
  const spent = limited.take(who);
  return {
    allowed: spent.allowed,
    retryMs: spent.retryMs,
    get headers() {
      return rateLimitHeaders(name, limited.quota, spent);
    },
  };
}
