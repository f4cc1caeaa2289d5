import { Trace } from './dice';

/** Whose turn it is when an event falls due. */
export interface Owner {
  readonly name: string;
  /** Its events are dropped once it is not. */
  readonly alive: boolean;
  /** Simulated ms until which nothing of it runs. */
  readonly frozenUntil: number;
}

interface Event {
  due: number;
  readonly order: number;
  readonly label: string;
  readonly owner: Owner | undefined;
  task: (() => void) | undefined;
}

export type EventHandle = object;

/** Immediates that are queued at once: between two of them all promises settle, and the event loop is spared a round. */
const TURNS_PER_ROUND = 16;

/**
 * The one clock and the one queue of everything that waits. Between two events all promises settle that can; nothing else
 * in the world takes time.
 */
export class Scheduler {
  now = 0;
  steps = 0;
  readonly trace = new Trace();
  /** Told of each event, for a replay that is to be read. */
  onStep: ((now: number, label: string) => void) | undefined;
  private readonly heap: Event[] = [];
  private order = 0;
  private failure: Error | undefined;

  /** Runs `task` after `ms`; dropped when its owner is gone, late when its owner is frozen. */
  after(ms: number, label: string, task: () => void, owner?: Owner): EventHandle {
    return this.at(this.now + Math.max(0, ms), label, task, owner);
  }

  /** The same at a moment: what is due at the same one runs in the order in which it was asked for. */
  at(due: number, label: string, task: () => void, owner?: Owner): EventHandle {
    this.order += 1;
    const event: Event = { due: Math.max(this.now, due), order: this.order, label, owner, task };
    this.push(event);
    return event;
  }

  cancel(handle: EventHandle): void {
    (handle as Event).task = undefined;
  }

  wait(ms: number, label: string, owner?: Owner): Promise<void> {
    return new Promise((resolve) => void this.after(ms, label, resolve, owner));
  }

  /** Runs what falls due until then, and moves the clock there. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await this.run(() => (this.heap[0]?.due ?? Number.POSITIVE_INFINITY) > until);
    this.now = Math.max(this.now, until);
  }

  /** Ends the run: `advance` rejects with the first of these. */
  stop(failure: Error): void {
    this.failure ??= failure;
  }

  private run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      const turn = (isLast: boolean): void => {
        if (over) return;
        try {
          if (this.failure) throw this.failure;
          over = isOver();
          if (!over) this.step();
        } catch (error) {
          over = true;
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        if (over) resolve();
        else if (isLast) round();
      };
      const round = (): void => {
        for (let left = TURNS_PER_ROUND; left > 0; left -= 1) setImmediate(turn, left === 1);
      };
      round();
    });
  }

  private step(): void {
    const event = this.pop();
    if (!event?.task) return;
    const { owner, task } = event;
    if (owner && !owner.alive) return;
    this.now = Math.max(this.now, event.due);
    if (owner && owner.frozenUntil > this.now) {
      event.due = owner.frozenUntil;
      this.push(event);
      return;
    }
    this.steps += 1;
    event.task = undefined;
    this.trace.number(this.now);
    this.trace.note(event.label);
    this.onStep?.(this.now, `${owner?.name ?? '-'} ${event.label}`);
    task();
  }

  private push(event: Event): void {
    const { heap } = this;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = heap[parent];
      if (!above || !isBefore(event, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  private pop(): Event | undefined {
    const { heap } = this;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = heap[child];
      if (!left) break;
      const right = heap[child + 1];
      if (right && isBefore(right, left)) child += 1;
      const smaller = heap[child];
      if (!smaller || !isBefore(smaller, last)) break;
      heap[at] = smaller;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.due === other.due ? one.order < other.order : one.due < other.due;
}
