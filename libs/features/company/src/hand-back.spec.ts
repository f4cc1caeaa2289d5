import { asBraneId, asCompanyId, asUserId, newMeta, type Role } from '@state-server/domain';
import { handBack } from './hand-back';

const user = (n: number) => asUserId(`00000000-0000-4000-8000-00000000000${n}`);
const brane = asBraneId('00000000-0000-4000-8000-00000000000a');
const company = { id: asCompanyId('00000000-0000-4000-8000-00000000000c'), members: {} };
const meta = newMeta({
  ...{ id: brane, name: 'Quay', visibility: 'private', owner: user(9), company },
  at: '2026-01-01T00:00:00.000Z',
});
const member = (n: number, role: Role, day: number) => ({
  ...{ brane_id: brane, user_id: user(n), role },
  since: `2026-01-0${day}T00:00:00.000Z`,
});
const leave = { op: 'set_brane', company: null };
const owns = (n: number) => ({ op: 'set_member', user_id: user(n), role: 'owner' });

describe('the brane of a company that is gone (CO-7)', () => {
  it('is the heir’s', () => {
    expect(handBack(meta, user(1), [member(2, 'moderator', 1)])).toEqual([leave, owns(1)]);
  });

  it('is without one his whom it made most itself, and there longest', () => {
    const members = [member(1, 'viewer', 1), member(2, 'editor', 3), member(3, 'editor', 2)];
    expect(handBack(meta, undefined, members)).toEqual([leave, owns(3)]);
  });

  it('is archived where he could only look, and deleted with nobody left', () => {
    expect(handBack(meta, undefined, [member(1, 'viewer', 1)])).toEqual([
      { ...leave, archived: true },
      owns(1),
    ]);
    expect(handBack(meta, undefined, [])).toEqual([leave, { op: 'set_status', status: 'deleted' }]);
    expect(handBack({ ...meta, status: 'deleted' }, undefined, [])).toEqual([leave]);
  });
});
