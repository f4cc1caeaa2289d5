import { type BraneMeta, isMuted, roleIn, type Standing } from '@state-server/domain';
import { whyOut } from './access';
import type { PutOut, Seat } from './seat';

export interface Promoted {
  readonly seat: Seat;
  readonly role: Standing;
}

/** What becomes of those who are in a brane once `before` has become `meta`. Whose role is another has it from here on. */
export function reviewSeats(
  seats: Iterable<Seat>,
  meta: BraneMeta,
  before: BraneMeta,
): {
  readonly out: readonly { readonly seat: Seat; readonly reason: PutOut }[];
  /** Who may not show himself is not seen any more. */
  readonly muted: readonly Seat[];
  readonly promoted: readonly Promoted[];
} {
  const out: { seat: Seat; reason: PutOut }[] = [];
  const muted: Seat[] = [];
  const promoted: Promoted[] = [];
  for (const seat of seats) {
    const { userId } = seat.occupant;
    if (isMuted(meta, userId)) muted.push(seat);
    const reason = whyOut(meta, userId, before);
    const role = roleIn(meta, userId);
    if (reason) out.push({ seat, reason });
    else if (role !== null && role !== seat.role) {
      seat.role = role;
      promoted.push({ seat, role });
    }
  }
  return { out, muted, promoted };
}
