import { asBraneId, asUserId, type BraneMeta } from '@state-server/domain';
import { handOver, type Heir } from './hand-over';

const id = (n: number) => asUserId(`00000000-0000-4000-8000-00000000000${n}`);
const leaver = id(9);
const time = (day: number) => `2026-01-0${day}T00:00:00.000Z`;
const heir = (n: number, role: Heir['role'], day: number): Heir => ({
  user_id: id(n),
  role,
  since: time(day),
});

function meta(role: Heir['role'], heirs: readonly Heir[], status: BraneMeta['status'] = 'live'): BraneMeta {
  const members = Object.fromEntries([[leaver, role], ...heirs.map((one) => [one.user_id, one.role])]);
  const at = time(1);
  return {
    id: asBraneId('00000000-0000-4000-8000-000000000001'),
    name: 'a',
    visibility: 'private',
    status,
    members,
    created_at: at,
    updated_at: at,
    created_by: leaver,
  };
}

const leave = { op: 'set_member', user_id: leaver, role: null };
const owns = (n: number) => ({ op: 'set_member', user_id: id(n), role: 'owner' });
const archive = { op: 'set_brane', archived: true };

describe('the brane of a user who is gone (USER-8)', () => {
  it.each<[string, Heir['role'], Heir[], unknown[]]>([
    ['is deleted where he was alone', 'owner', [], [{ op: 'set_status', status: 'deleted' }]],
    ['has its other owner', 'owner', [heir(1, 'editor', 1), heir(2, 'owner', 2)], [leave]],
    [
      'goes to the editor who has been there longest',
      'owner',
      [heir(1, 'editor', 3), heir(2, 'editor', 2), heir(3, 'viewer', 1)],
      [owns(2), leave],
    ],
    [
      'goes to the same one wherever that is found out',
      'owner',
      [heir(2, 'editor', 2), heir(1, 'editor', 2)],
      [owns(1), leave],
    ],
    [
      'goes to the viewer who has, archived, where nobody could edit it',
      'owner',
      [heir(1, 'viewer', 2), heir(2, 'viewer', 1)],
      [archive, owns(2), leave],
    ],
    [
      'goes to the moderator before any editor',
      'owner',
      [heir(1, 'editor', 1), heir(2, 'moderator', 3)],
      [owns(2), leave],
    ],
    ['is left by him where it is not his', 'editor', [heir(1, 'owner', 1)], [leave]],
    ['is left by him though its owner is going as well', 'viewer', [heir(1, 'viewer', 1)], [leave]],
  ])('%s', (_, role, heirs, changes) => {
    expect(handOver(meta(role, heirs), leaver, heirs)).toEqual(changes);
  });

  it('goes to nobody who is banned or muted there, and is deleted rather than that (MOD-1)', () => {
    const heirs = [heir(1, 'editor', 1), heir(2, 'viewer', 2)];
    const banned = { ...meta('owner', heirs), bans: { [id(1)]: null } };
    expect(handOver(banned, leaver, heirs)).toEqual([archive, owns(2), leave]);
    const nobody = { ...banned, mutes: { [id(1)]: null }, bans: { [id(1)]: null, [id(2)]: null } };
    expect(handOver(nobody, leaver, heirs)).toEqual([{ op: 'set_status', status: 'deleted' }]);
  });

  it('that is deleted already is handed on as well, for it may be brought back; alone it stays as it is', () => {
    const heirs = [heir(1, 'editor', 1)];
    expect(handOver(meta('owner', heirs, 'deleted'), leaver, heirs)).toEqual([owns(1), leave]);
    expect(handOver(meta('owner', [], 'deleted'), leaver, [])).toEqual([]);
  });
});
