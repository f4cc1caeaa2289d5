import { withReadErrors } from '@state-server/commit';
import { isMuted, roleIn, type UserId } from '@state-server/domain';
import type { RosterDoc } from '@state-server/persistence-port';
import type { PersonResource } from '@state-server/protocol';
import { braneFor } from './brane-for';
import type { GuestsDeps } from './guest-deps';
import { isAlive, ROSTERS_PER_BRANE } from './roster-times';

/** Who is in a brane now, by whatever gateway, longest first. Whoever sees the brane sees them. */
export async function listPeople(
  { store, environment }: Pick<GuestsDeps, 'store' | 'environment'>,
  { user_id, brane_id }: { readonly user_id: UserId; readonly brane_id: RosterDoc['brane_id'] },
): Promise<PersonResource[]> {
  const { meta } = await braneFor(store, user_id, brane_id, 'brane.view');
  return withReadErrors(
    store.read({ label: 'people.list' }, async (tx) => {
      const rosters = await tx.range('rosters', { prefix: [brane_id], limit: ROSTERS_PER_BRANE });
      const since = new Map<UserId, string>();
      for (const roster of rosters) {
        if (!isAlive(roster, environment.clock.now())) continue;
        for (const person of roster.people) {
          const known = since.get(person.user_id);
          if (known === undefined || person.since < known) since.set(person.user_id, person.since);
        }
      }
      const people = [...since].sort(([a, x], [b, y]) => (x < y || (x === y && a < b) ? -1 : 1));
      const users = await tx.getMany(
        'users',
        people.map(([id]) => [id]),
      );
      return people.flatMap(([id, from], index): PersonResource[] => {
        const [user, role] = [users[index], roleIn(meta, id)];
        // He is being put out at this moment.
        if (role === null) return [];
        const name = user && user.deleted_at === undefined ? user.name : null;
        const guest = user?.guest ? { guest: true as const } : {};
        const muted = isMuted(meta, id) ? { muted: true as const } : {};
        return [{ user_id: id, name, role, ...guest, ...muted, since: from }];
      });
    }),
  );
}
