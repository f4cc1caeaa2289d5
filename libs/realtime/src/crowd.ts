import { asUser, type BraneId, type BraneMeta, can } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { People } from './ports';
import type { Seat } from './seat';

/** The people of one brane on this gateway, as far as they are counted. */
export class Crowd {
  constructor(
    private readonly braneId: BraneId,
    private readonly people: People | undefined,
  ) {}

  /** Throws `brane.full` when as many people are in the brane as it takes. */
  async enter(seat: Seat, meta: BraneMeta): Promise<void> {
    if (!this.people) return;
    const { userId } = seat.occupant;
    const most = meta.settings?.people_max;
    const isKeeper = can(asUser(userId), 'brane.moderate', meta) === 'allowed';
    if (!(await this.people.enter(this.braneId, { user_id: userId, isKeeper, most }))) {
      throw fail('brane.full', { brane_id: this.braneId, ...(most === undefined ? {} : { max: most }) });
    }
    seat.isCounted = true;
  }

  leave(seat: Seat): void {
    if (!seat.isCounted) return;
    seat.isCounted = false;
    this.people?.leave(this.braneId, seat.occupant.userId);
  }
}
