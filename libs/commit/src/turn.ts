import type { Clock } from '@state-server/domain';
import type { HeadDoc } from '@state-server/persistence-port';

type Turn = NonNullable<HeadDoc['turn']>;

/** A marker that stays the same for so long, by the own monotonic clock, is passed over: its writer may be dead (SYNC L5). */
export const TURN_PATIENCE_MS = 500;

/** Thrown out of a transaction that finds another writer's marker: nothing is written, the writer waits. */
export class TurnTaken extends Error {
  constructor() {
    super('another writer has asked for its turn');
    this.name = 'TurnTaken';
  }
}

/** What one writer remembers of the markers that it met in one brane's head (SYNC L5). */
export class TurnWatch {
  private seen: { readonly turn: Turn; readonly since: number } | undefined;

  constructor(
    private readonly writerId: string,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  /** True when this head's marker tells this writer to wait. */
  bars(turn: Turn | undefined): boolean {
    if (!turn || turn.writer === this.writerId) {
      this.seen = undefined;
      return false;
    }
    const seen = this.seen;
    if (seen?.turn.writer !== turn.writer || seen.turn.mark !== turn.mark) {
      this.seen = { turn, since: this.clock.monotonic() };
      return true;
    }
    return this.clock.monotonic() - seen.since < TURN_PATIENCE_MS;
  }
}

/** The head as an edit leaves it: whoever commits has had the turn. */
export function withoutTurn(head: HeadDoc): HeadDoc {
  const { turn: _turn, ...rest } = head;
  return rest;
}
