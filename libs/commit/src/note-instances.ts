import type { PrototypeId } from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import type { Work } from './work';

/**
 * Writes down how many instances of which prototypes an edit makes, for the popularity index. In the edit's own
 * transaction, under a key that follows from its op id: so each is counted once.
 */
export function noteInstances(tx: Transaction, { demand, request }: Work, at: string): void {
  if (demand.kind !== 'edit') return;
  const counts = new Map<PrototypeId, number>();
  for (const op of demand.ops) {
    if (op.op === 'instantiate') counts.set(op.prototype_id, (counts.get(op.prototype_id) ?? 0) + 1);
  }
  for (const [subject, instances] of counts) {
    const id = `instances/${request.brane_id}/${request.actor.user_id}/${request.op_id}/${subject}`;
    tx.put('activity', { id, kind: 'prototype', subject, at, visits: 0, edits: 0, instances });
  }
}
