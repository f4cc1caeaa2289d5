import { type BraneChange, type BraneMeta, roleIn, type UserId } from '@state-server/domain';

/** A member besides the one who goes, who is there himself. */
export interface Heir {
  readonly user_id: UserId;
  readonly role: BraneMeta['members'][UserId];
  /** RFC 3339. */
  readonly since: string;
}

/**
 * What becomes of a brane when a member is gone for good; empty when nothing has to be done. Where there is another owner he
 * just leaves. Otherwise the moderator who has been there longest becomes the owner, without one the editor; without an editor the viewer who has, and
 * the brane is archived until he takes it out: nobody finds that others can change what he was only shown. With nobody
 * left the brane is deleted, and purged after its 30 days.
 */
export function handOver(meta: BraneMeta, leaver: UserId, heirs: readonly Heir[]): readonly BraneChange[] {
  const leave: BraneChange = { op: 'set_member', user_id: leaver, role: null };
  // Whom moderation keeps out or still inherits nothing.
  const free = heirs.filter(({ user_id, role }) => roleIn(meta, user_id) === role);
  if (free.length === 0) return meta.status === 'live' ? [{ op: 'set_status', status: 'deleted' }] : [];
  const isLastOwner = meta.members[leaver] === 'owner' && !heirs.some(({ role }) => role === 'owner');
  if (!isLastOwner) return [leave];
  const editor = longest(free, 'moderator') ?? longest(free, 'editor');
  if (editor) return [appoint(editor), leave];
  const viewer = longest(free, 'viewer');
  return viewer ? [{ op: 'set_brane', archived: true }, appoint(viewer), leave] : [leave];
}

function longest(heirs: readonly Heir[], role: Heir['role']): Heir | undefined {
  const [first] = heirs
    .filter((heir) => heir.role === role)
    .sort((a, b) => compare(a.since, b.since) || compare(a.user_id, b.user_id));
  return first;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function appoint({ user_id }: Heir): BraneChange {
  return { op: 'set_member', user_id, role: 'owner' };
}
