import { asEpoch, type BraneMeta, type Op } from '@state-server/domain';
import { type BraneOpsFrame, encodeFrame } from '@state-server/protocol';
import { buildWorld, createFakeEnvironment } from '@state-server/testing';
import { accessOf, mayChangeBrane, metaAfter } from './access';

const environment = createFakeEnvironment();
const world = buildWorld(environment.ids);

function entry(ops: readonly Op[]): Uint8Array {
  const frame = {
    type: 'brane.ops',
    brane_id: world.braneId,
    epoch: asEpoch('e'),
    seq: 2,
    op_id: environment.ids.uuid() as BraneOpsFrame['op_id'],
    actor: world.owner,
    at: '2026-01-01T00:00:00.000Z',
    ops,
  } satisfies BraneOpsFrame;
  return encodeFrame(frame, 'cbor');
}

describe('access to a brane', () => {
  it('is what role and visibility say, and nothing once it is deleted (L6, L7)', () => {
    const { user } = world.member('viewer');
    const stranger = environment.ids.uuid() as typeof user;
    const access = (overrides: Partial<BraneMeta>, who = user): unknown =>
      accessOf(world.meta(overrides), who);
    expect(access({})).toEqual({ kind: 'allowed', role: 'viewer' });
    expect(access({}, stranger)).toEqual({ kind: 'refused' });
    expect(access({ visibility: 'link' }, stranger)).toEqual({ kind: 'allowed', role: 'guest' });
    expect(access({ status: 'deleted' })).toEqual({ kind: 'deleted' });
    expect(access({ status: 'deleted' }, stranger)).toEqual({ kind: 'refused' });
  });

  it('looks only into entries that may be about the brane', () => {
    const create: Op = {
      op: 'create',
      object: world.block({ name: 'a sett', properties: { seat: 1, set: 2 } }),
    };
    expect(mayChangeBrane(entry([create]))).toBe(false);
    expect(mayChangeBrane(entry([{ op: 'set_brane', name: 'new' }]))).toBe(true);
    const meta = world.meta();
    expect(metaAfter(meta, entry([create]))).toBe(meta);
  });

  it('is not misled by a name that looks like an op', () => {
    const meta = world.meta();
    const frame = entry([{ op: 'create', object: world.block({ name: 'set_status' }) }]);
    expect(mayChangeBrane(frame)).toBe(true);
    expect(metaAfter(meta, frame)).toEqual(meta);
  });

  it('follows members, visibility and status from entry to entry (L6)', () => {
    const { user } = world.member('editor');
    const meta = world.meta();
    const viewer = metaAfter(meta, entry([{ op: 'set_member', user_id: user, role: 'viewer' }]));
    expect(viewer?.members[user]).toBe('viewer');
    const open = metaAfter(meta, entry([{ op: 'set_brane', visibility: 'public' }]));
    expect(open?.visibility).toBe('public');
    expect(metaAfter(meta, entry([{ op: 'set_status', status: 'deleted' }]))?.status).toBe('deleted');
  });

  it('says so when an entry does not fit what is known', () => {
    expect(
      metaAfter(world.meta(), entry([{ op: 'set_member', user_id: world.owner, role: null }])),
    ).toBeUndefined();
  });
});
