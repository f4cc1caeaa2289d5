import { recordAudit, SYSTEM_ACTOR } from '@state-server/audit';
import { type KeySet, signingKeyOf } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';

/**
 * Writes rotations into the audit log: one entry for each key that was added to the set, by whichever process of auth meets it
 * first. A single key that was there at the start is none: no other one went before it.
 */
export async function recordRotation(store: Store, set: KeySet, at: number): Promise<void> {
  const [key] = [...set.keys].sort((a, b) => Date.parse(b.published_at) - Date.parse(a.published_at));
  // Keys in PEM say nothing of when they came.
  if (!key || Date.parse(key.published_at) === 0) return;
  await store.transact({ label: 'auth.keys_rotated' }, async (tx) => {
    const [known] = await tx.range('audit', { index: 'by_target', prefix: [key.kid], limit: 1 });
    if (known) return;
    recordAudit(tx, {
      action: 'keys.rotated',
      actor: SYSTEM_ACTOR,
      target: { kind: 'key', id: key.kid },
      details: { signs_from: key.signs_from, signing: signingKeyOf(set, at)?.kid ?? '' },
      at,
    });
  });
}
