import type { Seat } from './seat';
import { type Bundle, bundleOf, type Entry } from './shared-frame';

/** A bundle is delivered when it has grown so large, bytes: what is queued for a socket is counted in bundles. */
const BUNDLE_BYTES = 32_768;

/**
 * The seats that get every entry as it comes. The entries of one turn of the event loop (a group commit) are delivered
 * together: each seat is visited once per turn, not once per entry.
 */
export class FanOut {
  /** Walked fast and changed in constant time. */
  private readonly seats: Seat[] = [];
  private waiting: Entry[] = [];
  private bytes = 0;

  get size(): number {
    return this.seats.length;
  }

  /** What waits is not for this seat: it has it already, as it has all that the room has. */
  add(seat: Seat): void {
    if (seat.liveIndex >= 0) return;
    this.flush();
    seat.liveIndex = this.seats.push(seat) - 1;
  }

  /** It gets nothing more, of what waits neither. The last one takes its place. */
  remove(seat: Seat): void {
    const index = seat.liveIndex;
    if (index < 0) return;
    const last = this.seats.pop();
    if (last && last !== seat) {
      this.seats[index] = last;
      last.liveIndex = index;
    }
    seat.liveIndex = -1;
  }

  /** At the end of this turn at the latest. */
  deliver(entry: Entry): void {
    if (this.seats.length === 0) return;
    this.bytes += entry.cbor.byteLength;
    const waits = this.waiting.push(entry) > 1;
    if (this.bytes >= BUNDLE_BYTES) this.flush();
    else if (!waits) queueMicrotask(() => this.flush());
  }

  /** Queues a reference to the shared bytes at each; nothing is encoded per seat. */
  flush(): void {
    if (this.waiting.length === 0) return;
    const bundle: Bundle | undefined = bundleOf(this.waiting);
    this.waiting = [];
    this.bytes = 0;
    if (bundle) for (const seat of this.seats) seat.deliver(bundle);
  }
}
