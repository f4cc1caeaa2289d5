import { type BraneId, can } from '@state-server/domain';
import { fail, type StateError } from '@state-server/protocol';
import { CompanyGuard } from '../company';
import type { MutationRequest } from '../committer';
import type { Ground } from '../lane';
import { Loader } from '../load';
import { Replica } from '../replica';
import { assertAllowed, assertNotGone } from '../rights';
import { TurnTaken, type TurnWatch } from '../turn';

/**
 * The other brane of a transaction that advances two. What it holds in memory of that brane is thrown away afterwards: this
 * process's own replica follows the log, like those of all others.
 */
export async function groundThere(ground: Ground, braneId: BraneId, watch: TurnWatch): Promise<Ground> {
  const { tx, at, rekeyedAtOnce } = ground;
  const head = await tx.get('heads', [braneId]);
  if (!head) throw fail('brane.not_found', { brane_id: braneId });
  if (watch.bars(head.turn)) throw new TurnTaken();
  const replica = new Replica(head.epoch, head.seq);
  replica.standOn(head);
  // Neither log goes back behind its last entry (SYNC L4), and both say the same time.
  const later = head.at > at ? head.at : at;
  return {
    tx,
    head,
    replica,
    load: new Loader(tx, braneId, replica, ground.load.prototypes),
    at: later,
    rekeyedAtOnce,
  };
}

/** Throws why this actor may not edit the brane at this moment (SYNC L6); `hidden` when he may not even know of it. */
export async function assertMayEdit(
  ground: Ground,
  request: Omit<MutationRequest, 'brane_id' | 'deadlineMs'>,
  hidden: StateError,
): Promise<void> {
  const { head, load, replica } = ground;
  if (head.status === 'purged') throw hidden;
  await load.brane();
  const { actor } = request;
  const company = await CompanyGuard.read(ground.tx, replica.meta, [{ request }]);
  const meta = company?.apply(replica.meta, actor.user_id) ?? replica.meta;
  if (can(actor, 'brane.view', meta) === 'hidden') throw hidden;
  const work = {
    request: { ...request, brane_id: head.brane_id },
    demand: { kind: 'edit', ops: [] },
  } as const;
  assertNotGone(work, head, () => meta);
  assertAllowed(work, meta);
}
