import { SYSTEM_USER, withReadErrors } from '@state-server/commit';
import { asOpId } from '@state-server/domain';
import { dropGuest, endSessionsOf } from '@state-server/identity';
import type { GuestDoc, RevocationDoc, Transaction } from '@state-server/persistence-port';
import { fail, StateError } from '@state-server/protocol';
import type { GuestsDeps } from './guest-deps';

/** Guests that are ended at the same time: their entries share transactions. */
const AT_ONCE = 50;

/** Ends everybody who came by a link. */
export async function endGuestsOf(deps: GuestsDeps, linkId: string): Promise<number> {
  let ended = 0;
  for (;;) {
    const guests = await withReadErrors(
      deps.store.read({ label: 'guest.of_link' }, (tx) =>
        tx.range('guests', { index: 'by_link', prefix: [linkId], limit: AT_ONCE }),
      ),
    );
    if (guests.length === 0) return ended;
    await Promise.all(guests.map((guest) => endGuest(deps, guest)));
    ended += guests.length;
  }
}

/** He is no member any more: somebody put him out before, or the brane is going. */
const NO_MEMBER: ReadonlySet<string> = new Set(['member.unknown', 'brane.deleted', 'brane.not_found']);

/**
 * A guest goes: his sessions and his membership end in one transaction, and his record becomes what is left of a user who is
 * gone. Whoever got an account meanwhile is none, and stays.
 */
export async function endGuest(deps: GuestsDeps, guest: GuestDoc): Promise<void> {
  let revocations: readonly RevocationDoc[] | undefined;
  try {
    await deps.committer.administer({
      brane_id: guest.brane_id,
      actor: { kind: 'system', user_id: SYSTEM_USER },
      op_id: asOpId(deps.environment.ids.uuid()),
      ops: [{ op: 'set_member', user_id: guest.user_id, role: null }],
      also: async (tx) => {
        revocations = await endIn(tx, guest, deps.environment.clock.now());
        // The entry must not put out somebody who stays.
        if (!revocations) throw fail('member.unknown', { user_id: guest.user_id });
      },
    });
  } catch (error) {
    if (!(error instanceof StateError) || !NO_MEMBER.has(error.code)) throw error;
    await withReadErrors(
      deps.store.transact({ label: 'guest.end' }, async (tx) => {
        revocations = await endIn(tx, guest, deps.environment.clock.now());
      }),
    );
  }
  for (const revocation of revocations ?? []) deps.announce?.(revocation);
}

/** Undefined where he is no guest any more: then there is nothing to end but the record that says so. */
async function endIn(
  tx: Transaction,
  guest: GuestDoc,
  now: number,
): Promise<readonly RevocationDoc[] | undefined> {
  const user = await tx.get('users', [guest.user_id]);
  // Who becomes an account writes both records: one of the two conflicts and looks again (P1).
  tx.delete('guests', [guest.user_id]);
  if (!user?.guest || user.deleted_at !== undefined) return undefined;
  dropGuest(tx, user, now);
  return (await endSessionsOf(tx, guest.user_id, now)).revocations;
}
