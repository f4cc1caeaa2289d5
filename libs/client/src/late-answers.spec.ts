import { fail } from '@state-server/protocol';
import type { ObjectId } from '@state-server/domain';
import { buildWorld, createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { type Line, MiniServer } from './mini-server.spec-support';

/** Each of these was found by the simulator (docs/spec/simulator.md) before it had a test of its own. */
describe('a live brane when answers come late, or to something else', () => {
  let environment: FakeEnvironment;
  let server: MiniServer;
  let ada: Line;
  let root: ObjectId;
  beforeEach(() => {
    environment = createFakeEnvironment();
    const world = buildWorld(environment.ids);
    root = world.braneId;
    server = new MiniServer(world, environment);
    ada = server.connect();
    server.flush();
  });

  const block = (name: string) => ({ kind: 'block', parent_id: root, name }) as const;

  it('takes for the refusal of its join only what answers its join (SDK-12; found by the simulator, seed 16)', () => {
    server.cut(ada);
    ada.brane.sessionOpened();
    const [join] = ada.toServer;
    expect(ada.brane.joinRefused(fail('dependency.unavailable'), undefined)).toBe(false);
    ada.brane.joinRefused(fail('brane.not_joined'), undefined);
    ada.brane.joinRefused(fail('brane.not_joined'), 'something else');
    server.flush();
    expect(ada.brane.live).toBe(true);
    server.cut(ada);
    ada.brane.sessionOpened();
    ada.brane.joinRefused(fail('brane.not_found'), join?.id);
    server.flush();
    expect(ada.brane.live).toBe(true);
    server.cut(ada);
    ada.brane.sessionOpened();
    ada.brane.joinRefused(fail('brane.not_found'), ada.toServer[0]?.id);
    expect(() => ada.brane.create(block('x'))).toThrow(
      expect.objectContaining({ code: 'brane.not_joined' }) as Error,
    );
  });

  it('says no presence before it is in step (SDK-12, R6; found by the simulator, seed 16)', () => {
    server.cut(ada);
    ada.brane.presence.set({ tool: 'pen' });
    server.restore(ada);
    ada.brane.presence.set({ cursor: 1 });
    expect(ada.toServer.map(({ type }) => type)).toEqual(['brane.join']);
    server.serve(ada);
    server.deliver(ada);
    expect(ada.toServer).toMatchObject([{ type: 'presence.set', state: { tool: 'pen', cursor: 1 } }]);
  });

  it('keeps its word about what was acknowledged, though it is put out before the entry comes (SDK-13, R4, L6)', async () => {
    const durable = ada.brane.create(block('durable'));
    const unknown = ada.brane.create(block('unknown'));
    const at = { epoch: server.epoch, seq: 7 };
    ada.brane.receive({ type: 'brane.ack', brane_id: ada.brane.id, op_id: durable.opId, ...at });
    ada.brane.receive({ type: 'brane.left', brane_id: ada.brane.id, reason: 'removed' });
    await expect(durable.saved).resolves.toEqual(at);
    await expect(unknown.saved).rejects.toMatchObject({ code: 'brane.not_joined' });
  });

  it('answers for an edit that came by the log before its answer did, or its number would be missed for ever (I3, SDK-14; found by the simulator, seed 133)', async () => {
    const first = ada.brane.create(block('first'));
    server.serve(ada);
    ada.toClient.pop();
    server.deliver(ada);
    await expect(first.saved).resolves.toMatchObject({ seq: 1 });
    expect(ada.brane.refused(fail('commit.outcome_unknown'), first.opId)).toBe(true);
    ada.brane.create(block('second'));
    await environment.advance(250);
    expect(ada.toServer).toMatchObject([
      { op_id: first.opId, client_seq: 1, again: true },
      { client_seq: 2 },
    ]);
    server.flush();
    expect(server.log).toHaveLength(2);
    expect(ada.brane.saveState.saved).toBe(true);
    expect(ada.brane.refused(fail('commit.outcome_unknown'), first.opId)).toBe(false);
  });
});
