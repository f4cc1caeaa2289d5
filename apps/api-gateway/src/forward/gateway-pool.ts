import type { Clock } from '@state-server/domain';

/** One sync-gateway, by the address where it takes WebSocket upgrades. */
export interface Upstream {
  readonly url: string;
  readonly host: string;
  readonly port: number;
}

interface Member extends Upstream {
  live: number;
  /** Handed out last; breaks ties between equally loaded ones. */
  turn: number;
  /** On the monotonic clock, ms: not asked before. */
  restsUntil: number;
}

export interface PoolState {
  readonly url: string;
  /** Spliced connections at this moment. */
  readonly connections: number;
  /** It refused or did not answer a moment ago. */
  readonly resting: boolean;
}

/** After a failure a gateway is asked last for so long: shorter than a restart, longer than a burst of clients. */
const REST_MS = 1_000;

/** Which sync-gateway takes the next connection: the one with the fewest, in turns when they are equal. */
export class GatewayPool {
  private readonly members: readonly Member[];
  private turns = 0;

  constructor(
    urls: readonly string[],
    private readonly clock: Clock,
  ) {
    this.members = urls.map((url) => ({ ...parse(url), live: 0, turn: 0, restsUntil: -Infinity }));
  }

  /** All of them, best first; those that failed within the last second come last, for want of a better one. */
  candidates(): Upstream[] {
    const now = this.clock.monotonic();
    const resting = (member: Member): number => (member.restsUntil > now ? 1 : 0);
    return [...this.members].sort((a, b) => resting(a) - resting(b) || a.live - b.live || a.turn - b.turn);
  }

  /** Counts a connection from its first attempt on, so that a burst is spread too. */
  taken(upstream: Upstream): void {
    const member = this.member(upstream);
    this.turns += 1;
    member.turn = this.turns;
    member.live += 1;
  }

  /** The connection is over, or never came to be. */
  released(upstream: Upstream): void {
    this.member(upstream).live -= 1;
  }

  failed(upstream: Upstream): void {
    this.member(upstream).restsUntil = this.clock.monotonic() + REST_MS;
  }

  answered(upstream: Upstream): void {
    this.member(upstream).restsUntil = -Infinity;
  }

  state(): PoolState[] {
    const now = this.clock.monotonic();
    return this.members.map(({ url, live, restsUntil }) => ({
      url,
      connections: live,
      resting: restsUntil > now,
    }));
  }

  private member(upstream: Upstream): Member {
    const member = this.members.find(({ url }) => url === upstream.url);
    if (!member) throw new RangeError(`${upstream.url} is not in the pool`);
    return member;
  }
}

function parse(url: string): Upstream {
  const { hostname, port, protocol } = new URL(url);
  if (protocol !== 'http:')
    throw new RangeError(`a sync-gateway is reached by http://, not by ${protocol}//`);
  return { url, host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) };
}
