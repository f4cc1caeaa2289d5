import type { BraneChange, BraneMeta, Role, UserId } from '@state-server/domain';
import type { MemberDoc } from '@state-server/persistence-port';

const BY_RIGHTS: readonly Role[] = ['owner', 'moderator', 'editor', 'viewer'];

/**
 * What becomes of a brane whose company is gone. It is the heir's, who deleted the company. Without one it goes to whom the
 * brane itself made most, and there longest; archived, where he could only look: nobody finds that others can change what he
 * was only shown. With nobody left it is deleted, and purged after its 30 days.
 */
export function handBack(
  meta: BraneMeta,
  heir: UserId | undefined,
  members: readonly MemberDoc[],
): readonly BraneChange[] {
  const leave: BraneChange = { op: 'set_brane', company: null };
  if (heir) return [leave, { op: 'set_member', user_id: heir, role: 'owner' }];
  const place = ({ role, since, user_id }: MemberDoc): string =>
    `${BY_RIGHTS.indexOf(role)} ${since} ${user_id}`;
  const [next] = [...members].sort((a, b) => (place(a) < place(b) ? -1 : 1));
  if (!next) return meta.status === 'live' ? [leave, { op: 'set_status', status: 'deleted' }] : [leave];
  const appoint: BraneChange = { op: 'set_member', user_id: next.user_id, role: 'owner' };
  return next.role === 'viewer'
    ? [{ op: 'set_brane', company: null, archived: true }, appoint]
    : [leave, appoint];
}
