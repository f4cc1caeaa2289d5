import { SYSTEM_USER } from '@state-server/commit';
import { asOpId } from '@state-server/domain';
import type { GuestDoc, LinkDoc, ModerationDoc, Transaction } from '@state-server/persistence-port';
import { fail, StateError } from '@state-server/protocol';
import { endGuest, endGuestsOf } from './end-guests';
import type { GuestsDeps } from './guest-deps';
import { changeOf } from './moderation';

/** What one run did; `finished` false: the next goes on. */
interface Report {
  readonly done: number;
  readonly finished: boolean;
}

const AT_ONCE = 50;
const ROUNDS = 40;

/**
 * Guests whose stay is over become what is left of a user who is gone, and no members any more (GUEST-8). Their tokens are
 * dead before that.
 */
export async function endDueGuests(deps: GuestsDeps, signal?: AbortSignal): Promise<Report> {
  let done = 0;
  for (let round = 0; round < ROUNDS && signal?.aborted !== true; round += 1) {
    const due = await deps.store.read({ label: 'guest.due' }, (tx) =>
      tx.range('guests', { index: 'by_due', prefix: [], lt: [now(deps)], limit: AT_ONCE }),
    );
    await Promise.all(due.map((guest: GuestDoc) => endGuest(deps, guest)));
    done += due.length;
    if (due.length < AT_ONCE) return { done, finished: true };
  }
  return { done, finished: false };
}

/** What the process that revoked a link did not come to do; then the link is gone (GUEST-8). */
export async function endRevokedLinks(deps: GuestsDeps, signal?: AbortSignal): Promise<Report> {
  let done = 0;
  for (let round = 0; round < ROUNDS && signal?.aborted !== true; round += 1) {
    const revoked = await deps.store.read({ label: 'link.revoked' }, (tx) =>
      tx.range('links', { index: 'by_revocation', prefix: [], limit: AT_ONCE }),
    );
    for (const { id } of revoked) {
      await endGuestsOf(deps, id);
      await deps.store.transact({ label: 'link.forget' }, (tx) => forget(tx, id));
    }
    done += revoked.length;
    if (revoked.length < AT_ONCE) return { done, finished: true };
  }
  return { done, finished: false };
}

function forget(tx: Transaction, id: LinkDoc['id']): Promise<void> {
  tx.delete('links', [id]);
  return Promise.resolve();
}

/** Lifts the bans and mutes whose time has come, by entries of the branes' logs, and forgets old kicks (MOD-6). */
export async function liftDue(deps: GuestsDeps, signal?: AbortSignal): Promise<Report> {
  let done = 0;
  let after: ModerationDoc | undefined;
  for (let round = 0; round < ROUNDS && signal?.aborted !== true; round += 1) {
    const from = after;
    const due = await deps.store.read({ label: 'moderation.due' }, (tx) =>
      tx.range('moderations', {
        ...{ index: 'by_due', prefix: [], lt: [now(deps)], limit: AT_ONCE },
        ...(from?.until === undefined ? {} : { gt: [from.until, from.brane_id, from.kind, from.user_id] }),
      }),
    );
    for (const one of due) done += (await lift(deps, one)) ? 1 : 0;
    after = due.at(-1);
    if (due.length < AT_ONCE) return { done, finished: true };
  }
  return { done, finished: false };
}

async function lift(deps: GuestsDeps, due: ModerationDoc): Promise<boolean> {
  const { brane_id, kind, user_id } = due;
  const forgetIt = async (tx: Transaction): Promise<void> => {
    const now = await tx.get('moderations', [brane_id, kind, user_id]);
    // Somebody has just given him another term: then it is that which holds.
    if (now && now.until !== due.until) throw fail('precondition.failed');
    tx.delete('moderations', [brane_id, kind, user_id]);
  };
  try {
    if (kind === 'kick') await deps.store.transact({ label: 'moderation.forget' }, forgetIt);
    else {
      await deps.committer.administer({
        ...{ brane_id, actor: { kind: 'system', user_id: SYSTEM_USER } as const },
        op_id: asOpId(deps.environment.ids.uuid()),
        ops: [changeOf(kind, user_id, false)],
        also: forgetIt,
      });
    }
    return true;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    // A deleted brane may be brought back: then it is lifted. One that is gone for good takes no entry ever again.
    if (error.code !== 'brane.not_found') return false;
    await deps.store.transact({ label: 'moderation.forget' }, forgetIt);
    return true;
  }
}

function now({ environment }: GuestsDeps): string {
  return new Date(environment.clock.now()).toISOString();
}
