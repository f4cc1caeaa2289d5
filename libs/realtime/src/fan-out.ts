import type { Seat } from './seat';
import type { Entry } from './shared-frame';

/** The seats that get every entry as it comes: a list that is walked fast and changed in constant time. */
export class FanOut {
  private readonly seats: Seat[] = [];

  get size(): number {
    return this.seats.length;
  }

  add(seat: Seat): void {
    if (seat.liveIndex < 0) seat.liveIndex = this.seats.push(seat) - 1;
  }

  /** The last one takes its place. */
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

  /** Queues a reference to the shared bytes at each; nothing is encoded or allocated per seat. */
  deliver(entry: Entry): void {
    for (const seat of this.seats) seat.deliver(entry);
  }
}
