import { type AuditOrigin, recordAudit } from '@state-server/audit';
import { withReadErrors } from '@state-server/commit';
import type { BraneId, UserId } from '@state-server/domain';
import { linkIdOf, newSecret, secretHash } from '@state-server/identity';
import type { LinkDoc, Transaction } from '@state-server/persistence-port';
import { fail, type NewLinkRequest, type UpdateLinkRequest } from '@state-server/protocol';
import { braneFor } from './brane-for';
import { endGuestsOf } from './end-guests';
import type { GuestsDeps } from './guest-deps';

/** Links of one brane that work or did. */
export const LINKS_PER_BRANE = 100;

interface ByUser {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  readonly origin?: AuditOrigin;
  /** Further writes of the caller in the transaction; may run several times. */
  readonly also?: (tx: Transaction, link: LinkDoc) => Promise<void>;
}

/** The links of a brane, oldest first, for those who keep order in it. Revoked ones are none any more. */
export async function listLinks(
  deps: GuestsDeps,
  { user_id, brane_id }: ByUser,
): Promise<readonly LinkDoc[]> {
  await braneFor(deps.store, user_id, brane_id, 'brane.moderate');
  const links = await withReadErrors(
    deps.store.read({ label: 'link.list' }, (tx) =>
      tx.range('links', { index: 'by_brane', prefix: [brane_id], limit: 2 * LINKS_PER_BRANE }),
    ),
  );
  return links.filter(({ revoked_at }) => revoked_at === undefined);
}

export interface CreateLink extends ByUser, NewLinkRequest {}

/** Makes a link; its token is answered and kept nowhere. Throws `link.too_many`, `field.invalid`. */
export async function createLink(
  deps: GuestsDeps,
  { user_id, brane_id, origin, also, ...wanted }: CreateLink,
): Promise<{ readonly link: LinkDoc; readonly token: string }> {
  await braneFor(deps.store, user_id, brane_id, 'brane.manage_members');
  const now = deps.environment.clock.now();
  const at = new Date(now).toISOString();
  assertFuture(wanted.expires_at, at);
  const token = newSecret();
  const link: LinkDoc = {
    ...{ id: linkIdOf(token), hash: secretHash(token), brane_id, uses: 0 },
    ...{ created_by: user_id, created_at: at },
    ...wanted,
  };
  await withReadErrors(
    deps.store.transact({ label: 'link.create' }, async (tx) => {
      const options = { index: 'by_brane', prefix: [brane_id], limit: LINKS_PER_BRANE } as const;
      // A purge that began meanwhile takes it along, or is met here (P1).
      tx.guard('branes', [brane_id]);
      if (!(await tx.get('branes', [brane_id]))) throw fail('brane.not_found', { id: brane_id });
      const known = await tx.range('links', options);
      if (known.length === LINKS_PER_BRANE) throw fail('link.too_many', { max: LINKS_PER_BRANE });
      tx.put('links', link);
      record(tx, { action: 'link.created', user_id, link, now, origin });
      await also?.(tx, link);
    }),
  );
  return { link, token };
}

export interface UpdateLink extends ByUser {
  readonly link_id: string;
  readonly change: UpdateLinkRequest;
}

/** What a link gives from now on; who has come by it keeps what he was given. Throws `link.not_found`, `field.invalid`. */
export async function updateLink(
  deps: GuestsDeps,
  { user_id, brane_id, link_id, change, also }: UpdateLink,
): Promise<LinkDoc> {
  await braneFor(deps.store, user_id, brane_id, 'brane.manage_members');
  assertFuture(change.expires_at ?? undefined, new Date(deps.environment.clock.now()).toISOString());
  return withReadErrors(
    deps.store.transact({ label: 'link.update' }, async (tx) => {
      const link = await linkIn(tx, brane_id, link_id);
      const entries = Object.entries({ ...link, ...change }).filter(([, value]) => value !== null);
      const after = Object.fromEntries(entries) as unknown as LinkDoc;
      tx.put('links', after);
      await also?.(tx, after);
      return after;
    }),
  );
}

export interface RevokeLink extends ByUser {
  readonly link_id: string;
}

/**
 * From here on nobody gets in by the link; whoever did loses his session and his membership, and is out within 2 s. What is
 * left when the process dies meanwhile is done by the upkeep. Throws `link.not_found`.
 */
export async function revokeLink(
  deps: GuestsDeps,
  { user_id, brane_id, link_id, origin, also }: RevokeLink,
): Promise<void> {
  await braneFor(deps.store, user_id, brane_id, 'brane.moderate');
  const now = deps.environment.clock.now();
  await withReadErrors(
    deps.store.transact({ label: 'link.revoke' }, async (tx) => {
      const link = await linkIn(tx, brane_id, link_id);
      tx.put('links', { ...link, revoked_at: new Date(now).toISOString() });
      record(tx, { action: 'link.revoked', user_id, link, now, origin });
      await also?.(tx, link);
    }),
  );
  await endGuestsOf(deps, link_id);
}

async function linkIn(tx: Transaction, braneId: BraneId, linkId: string): Promise<LinkDoc> {
  const link = await tx.get('links', [linkId]);
  if (link?.brane_id !== braneId || link.revoked_at !== undefined) {
    throw fail('link.not_found', { link_id: linkId });
  }
  return link;
}

function assertFuture(time: string | undefined, at: string): void {
  if (time !== undefined && time <= at) {
    throw fail('field.invalid', { pointer: '/expires_at' }, 'A link ends in the future.');
  }
}

interface Recorded {
  readonly action: 'link.created' | 'link.revoked';
  readonly user_id: UserId;
  readonly link: LinkDoc;
  readonly now: number;
  readonly origin: AuditOrigin | undefined;
}

function record(tx: Transaction, { action, user_id, link, now, origin }: Recorded): void {
  recordAudit(tx, {
    ...origin,
    action,
    actor: { kind: 'user', id: user_id },
    brane_id: link.brane_id,
    details: { link_id: link.id, role: link.role },
    at: now,
  });
}
