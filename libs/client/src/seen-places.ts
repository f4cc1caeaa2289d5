import { HEADERS, parseStateSeq } from '@state-server/protocol';

/** Places that a server looks at in one request. */
const MAX_PLACES = 16;

/** Where a log stood when something of its brane was seen here. */
interface Place {
  readonly epoch: string;
  readonly seq: number;
}

/**
 * How far this client has seen the logs of its branes, so that no read shows it an older state from some cache, whichever
 * process answers (SYNC R7). Keeps the latest places; a server that is told none may be a quarter of a second behind.
 */
export class SeenPlaces {
  /** The one that was seen last stands last. */
  private readonly seqs = new Map<string, number>();

  see({ epoch, seq }: Place): void {
    const seen = Math.max(seq, this.seqs.get(epoch) ?? 0);
    this.seqs.delete(epoch);
    this.seqs.set(epoch, seen);
    const [oldest] = this.seqs.keys();
    if (this.seqs.size > MAX_PLACES && oldest !== undefined) this.seqs.delete(oldest);
  }

  /** What an answer says of itself. */
  answered(headers: Headers): void {
    const place = parseStateSeq(headers.get(HEADERS.stateSeq) ?? '');
    if (place) this.see(place);
  }

  /** For a request that reads. */
  headers(): Record<string, string> {
    if (this.seqs.size === 0) return {};
    return { [HEADERS.stateSeq]: [...this.seqs].map((place) => place.join(':')).join(',') };
  }
}
