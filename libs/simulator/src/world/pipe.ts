import type { Dice } from '../kernel/dice';
import type { SimProcess } from '../kernel/sim-process';

export type Message = Uint8Array | string;

/**
 * One direction of a connection: what goes in comes out later, in order, or not at all. A slow reader takes so many bytes a
 * millisecond; until then they count as buffered.
 */
export class Pipe {
  bufferedBytes = 0;
  /** What goes in vanishes, and nobody is told. */
  broken = false;
  /** Bytes a ms that the reader takes; undefined: all at once. */
  rate: number | undefined;
  onDrained: () => void = () => undefined;
  private lastArrival = 0;
  private busyUntil = 0;

  constructor(
    private readonly to: SimProcess,
    private readonly from: SimProcess,
    private readonly dice: Dice,
    private readonly latencyMs: () => number,
  ) {}

  send(bytes: number, label: string, arrive: () => void): void {
    if (this.broken) return;
    const { scheduler } = this.to;
    let leaves = scheduler.now;
    if (this.rate !== undefined || this.busyUntil > leaves) {
      this.busyUntil = Math.max(this.busyUntil, leaves) + bytes / (this.rate ?? Number.POSITIVE_INFINITY);
      leaves = this.busyUntil;
      this.bufferedBytes += bytes;
      this.from.after(leaves - scheduler.now, 'socket.drained', () => {
        this.bufferedBytes -= bytes;
        this.onDrained();
      });
    }
    const latency = this.latencyMs();
    const arrival = leaves + this.dice.between(latency * 0.2, latency);
    // Nothing overtakes on one connection.
    this.lastArrival = Math.max(this.lastArrival, arrival);
    const deliver = (): void => {
      if (!this.broken) arrive();
    };
    scheduler.at(this.lastArrival, label, deliver, this.to);
  }
}
