import { type AuditFilter, type AuditPage, type AuditPlace, listAudit } from '@state-server/audit';
import { readBraneIn, withReadErrors } from '@state-server/commit';
import { asRecorded, asUser, type BraneId, type UserId } from '@state-server/domain';
import type { AuditDoc, Store } from '@state-server/persistence-port';
import { assertCan, type AuditResource } from '@state-server/protocol';

export interface SeeAudit {
  /** Who asks. */
  readonly user_id: UserId;
  readonly after?: AuditPlace;
  readonly limit: number;
}

/** All of the log. Throws `permission.denied` for whoever is no administrator. */
export async function seeAudit(
  store: Store,
  { user_id, filter, ...page }: SeeAudit & { readonly filter: AuditFilter },
): Promise<AuditPage> {
  return withReadErrors(
    store.read({ label: 'audit.see' }, async (tx) => {
      const user = await tx.get('users', [user_id]);
      const message = 'Only administrators may do this.';
      assertCan(asRecorded(user_id, user), 'server.administer', 'server', { message });
      return listAudit(tx, filter, page);
    }),
  );
}

/** What was done in a brane, for its owners, also after it was deleted. Throws `brane.not_found`, `permission.denied`. */
export async function seeBraneAudit(
  store: Store,
  { user_id, brane_id, ...page }: SeeAudit & { readonly brane_id: BraneId },
): Promise<AuditPage> {
  return withReadErrors(
    store.read({ label: 'audit.brane' }, async (tx) => {
      const brane = await readBraneIn(tx, brane_id);
      assertCan(asUser(user_id), 'brane.manage_members', brane?.meta, { details: { id: brane_id } });
      return listAudit(tx, { brane_id }, page);
    }),
  );
}

/** What concerns the security of whoever asks: his sign-ins, and what others did to him. */
export async function seeOwnAudit(store: Store, { user_id, ...page }: SeeAudit): Promise<AuditPage> {
  return withReadErrors(store.read({ label: 'audit.own' }, (tx) => listAudit(tx, { user_id }, page)));
}

/** An entry on the wire, whole: for administrators. */
export function toAuditResource(entry: AuditDoc): AuditResource {
  const { actor_kind, actor_id, target_kind, target_id, details, ...rest } = entry;
  return {
    ...rest,
    actor: actor_id === undefined ? { kind: actor_kind } : { kind: actor_kind, id: actor_id },
    ...(target_kind === undefined || target_id === undefined
      ? {}
      : { target: { kind: target_kind, id: target_id } }),
    ...(details && { details: { ...details } }),
  };
}

/** For anybody else: from where somebody acted is shown to himself alone. */
export function toShownAudit(entry: AuditDoc, viewer: UserId): AuditResource {
  const { address: _address, user_agent: _agent, request_id: _request, ...rest } = entry;
  return toAuditResource(entry.actor_id === viewer ? entry : rest);
}
