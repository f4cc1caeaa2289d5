import { createHash } from 'node:crypto';
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
    const id = entryIdOf(key.kid);
    if (await tx.get('audit', [key.published_at, id])) return;
    recordAudit(tx, {
      id,
      action: 'keys.rotated',
      actor: SYSTEM_ACTOR,
      target: { kind: 'key', id: key.kid },
      details: { signs_from: key.signs_from, signing: signingKeyOf(set, at)?.kid ?? '' },
      at: Date.parse(key.published_at),
    });
  });
}

/** The same in every process: of several that write it one commits, the others find it. In the form of a UUID (version 8). */
function entryIdOf(kid: string): string {
  const hex = createHash('sha256').update(kid).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
