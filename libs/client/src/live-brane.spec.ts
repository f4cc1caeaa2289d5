import { asEpoch, asUserId, type ObjectId } from '@state-server/domain';
import { fail, type StateError } from '@state-server/protocol';
import {
  buildWorld,
  createFakeEnvironment,
  type FakeEnvironment,
  nextInt,
  pick,
  seededRandom,
} from '@state-server/testing';
import { childrenOf, walk } from './selectors';
import { type Line, MiniServer } from './mini-server.spec-support';

function code(text: string): Error {
  const matcher: unknown = expect.objectContaining({ code: text });
  return matcher as Error;
}

describe('a live brane', () => {
  let environment: FakeEnvironment;
  let server: MiniServer;
  let ada: Line;
  let bob: Line;
  let root: ObjectId;
  beforeEach(() => {
    environment = createFakeEnvironment();
    const world = buildWorld(environment.ids);
    root = world.braneId;
    server = new MiniServer(world, environment);
    ada = server.connect();
    bob = server.connect(asUserId(environment.ids.uuid()));
    server.flush();
  });

  const names = (line: Line): string[] => [...childrenOf(line.brane.view, root)].map((object) => object.name);
  const block = (name: string) => ({ kind: 'block', parent_id: root, name }) as const;
  const stored = (): unknown => [...server.objects()].sort(byId);
  const confirmed = (line: Line): unknown => [...line.brane.confirmed.objects()].sort(byId);
  const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

  it('shows an own edit at once, and knows when it is saved (R4, SDK-1, SDK-2)', async () => {
    const states: number[] = [];
    ada.brane.events.on('save', ({ waiting }) => states.push(waiting));
    const edit = ada.brane.create(block('chair'));
    expect(names(ada)).toEqual(['chair']);
    expect(ada.brane.confirmed.size).toBe(1);
    server.flush();
    await expect(edit.saved).resolves.toEqual({ epoch: 'epoch-1', seq: 1 });
    expect(names(bob)).toEqual(['chair']);
    expect(states).toEqual([1, 0]);
  });

  it('is rebased when the server’s order differs (SDK-3)', () => {
    const chair = ada.brane.create(block('chair'));
    server.flush();
    ada.brane.update(chair.id, { '/name': 'from Ada' });
    bob.brane.update(chair.id, { '/name': 'from Bob', '/properties/color': 'red' });
    server.serve(bob);
    server.deliver(ada);
    expect(ada.brane.view.get(chair.id)).toMatchObject({ name: 'from Ada', properties: { color: 'red' } });
    server.flush();
    expect(names(bob)).toEqual(['from Ada']);
    expect(confirmed(ada)).toEqual(stored());
    expect(confirmed(bob)).toEqual(stored());
  });

  it('tells who was overwritten, and not who overwrites', () => {
    const seen: string[] = [];
    ada.brane.events.on('overwritten', ({ field }) => seen.push(`Ada ${field}`));
    bob.brane.events.on('overwritten', ({ field }) => seen.push(`Bob ${field}`));
    const chair = ada.brane.create(block('chair'));
    server.flush();
    ada.brane.update(chair.id, { '/name': 'first' });
    server.flush();
    bob.brane.update(chair.id, { '/name': 'second' });
    server.flush();
    expect(seen).toEqual(['Ada /name']);
  });

  it('takes a refused edit out of the view, says so, and goes on', async () => {
    const refusals: StateError[] = [];
    ada.brane.events.on('refused', ({ error }) => refusals.push(error));
    server.refuseNext = fail('permission.denied');
    const edit = ada.brane.create(block('no'));
    ada.brane.create(block('yes'));
    server.flush();
    await expect(edit.saved).rejects.toMatchObject({ code: 'permission.denied' });
    expect(refusals.map((error) => error.code)).toEqual(['permission.denied']);
    expect(names(ada)).toEqual(['yes']);
    expect(ada.brane.saveState).toMatchObject({ saved: true, waiting: 0 });
  });

  it('refuses at once what the rules refuse here already, and sends nothing', () => {
    const missing = environment.ids.uuid() as ObjectId;
    expect(() => ada.brane.update(missing, { '/name': 'x' })).toThrow(code('object.not_found'));
    expect(ada.toServer).toEqual([]);
    expect(ada.brane.saveState.waiting).toBe(0);
  });

  it('sends an edit again after a retryable refusal, that one first and under the same number (I3, SDK-5)', async () => {
    server.refuseNext = fail('rate.limited', undefined, undefined, { retryAfterMs: 100 });
    ada.brane.create(block('limited'));
    server.flush();
    expect(names(bob)).toEqual([]);
    await environment.advance(100);
    expect(ada.toServer).toMatchObject([
      { client_seq: 1, again: true, first_sent: { epoch: 'epoch-1', seq: 0 } },
    ]);
    server.flush();
    expect(names(bob)).toEqual(['limited']);
  });

  it('works offline and loses nothing: what waits goes out after the replay, once (I1, I2, SDK-4)', () => {
    ada.brane.create(block('sent, answer lost'));
    server.serve(ada);
    server.cut(ada);
    ada.brane.create(block('made offline'));
    bob.brane.create(block('meanwhile'));
    server.flush();
    expect(names(ada)).toEqual(['sent, answer lost', 'made offline']);
    server.restore(ada);
    server.flush();
    expect(names(ada)).toEqual(['sent, answer lost', 'meanwhile', 'made offline']);
    expect(server.log).toHaveLength(3);
    expect(ada.brane.stats).toMatchObject({ joins: 2, snapshots: 1 });
    expect(confirmed(ada)).toEqual(stored());
  });

  it('confirms by `committed` what is part of a snapshot already (R4, SDK-2)', async () => {
    const edit = ada.brane.create(block('in the snapshot'));
    server.serve(ada);
    server.cut(ada);
    server.epoch = asEpoch('epoch-2');
    server.restore(ada);
    server.flush();
    await edit.saved;
    expect(names(ada)).toEqual(['in the snapshot']);
    expect(ada.brane.saveState.saved).toBe(true);
  });

  it('joins again from where it is when an entry is missing, and again from nothing when the epoch is another (R5, L3, SDK-6)', () => {
    bob.brane.create(block('one'));
    bob.brane.create(block('two'));
    server.serve(bob);
    ada.toClient.shift();
    server.flush();
    expect(names(ada)).toEqual(['one', 'two']);
    expect(ada.brane.stats).toMatchObject({ rejoins: 1, snapshots: 1 });
    server.epoch = asEpoch('epoch-2');
    bob.brane.create(block('three'));
    server.flush();
    expect(names(ada)).toEqual(['one', 'two', 'three']);
    expect(ada.brane.stats).toMatchObject({ rejoins: 2, snapshots: 2 });
  });

  it('takes a snapshot that comes unasked, when it was too slow for every entry, with what was acknowledged in it', async () => {
    const own = ada.brane.create(block('mine'));
    bob.brane.create(block('theirs'));
    server.serve(ada);
    server.serve(bob);
    const [, ack] = ada.toClient.splice(0);
    server.serve(ada);
    if (ack?.type === 'brane.ack') ada.brane.receive(ack);
    expect(ada.brane.saveState.waiting).toBe(1);
    const head = { brane_id: ada.brane.id, epoch: server.epoch, seq: 2 };
    const joined = { type: 'brane.joined', mode: 'snapshot', role: 'editor', meta: server.meta } as const;
    ada.brane.receive({ ...joined, ...head, committed: [] });
    ada.brane.receive({ type: 'brane.snapshot', ...head, part: 0, objects: server.objects() });
    ada.brane.receive({ type: 'brane.synced', ...head });
    await own.saved;
    expect(names(ada)).toEqual(['mine', 'theirs']);
    expect(ada.brane.stats).toMatchObject({ joins: 1, snapshots: 2, rejoins: 0 });
  });

  it('drops an entry that comes twice (SDK-6)', () => {
    bob.brane.create(block('once'));
    server.serve(bob);
    const [frame] = ada.toClient;
    if (frame) ada.toClient.push(frame);
    server.flush();
    expect(names(ada)).toEqual(['once']);
    expect(ada.brane.stats.entries).toBe(1);
  });

  it('undoes and redoes by naming the target (U2, SDK-7)', () => {
    const chair = ada.brane.create(block('chair'));
    ada.brane.update(chair.id, { '/name': 'stool' });
    ada.brane.undo();
    server.flush();
    expect(names(bob)).toEqual(['chair']);
    ada.brane.redo();
    server.flush();
    expect(names(bob)).toEqual(['stool']);
    expect(ada.brane.canRedo).toBe(false);
  });

  it('asks again for a join that was refused for now, and once (F3)', async () => {
    server.cut(ada);
    ada.brane.sessionOpened();
    const [join] = ada.toServer.splice(0);
    ada.brane.joinRefused(fail('dependency.unavailable'), join?.id);
    await environment.advance(999);
    expect(ada.toServer).toEqual([]);
    await environment.advance(1);
    expect(ada.toServer).toMatchObject([{ type: 'brane.join', after: { epoch: 'epoch-1', seq: 0 } }]);
    server.flush();
    expect(ada.brane.live).toBe(true);
    await environment.advance(10_000);
    expect(ada.brane.stats.joins).toBe(3);
  });

  it('ends when it is put out, and rejects what was waiting', async () => {
    const reasons: string[] = [];
    ada.brane.events.on('left', ({ reason }) => reasons.push(reason));
    const edit = ada.brane.create(block('too late'));
    ada.brane.receive({ type: 'brane.left', brane_id: ada.brane.id, reason: 'removed' });
    await expect(edit.saved).rejects.toMatchObject({ code: 'brane.not_joined' });
    expect(reasons).toEqual(['removed']);
    expect(() => ada.brane.create(block('x'))).toThrow(code('brane.not_joined'));
  });

  it('says presence again after a reconnect, merges keys, and forgets who has left (R6)', async () => {
    ada.brane.presence.set({ cursor: [1, 2, 3], tool: 'pen' });
    ada.brane.presence.set({ tool: null });
    server.flush();
    server.cut(ada);
    server.restore(ada);
    server.serve(ada);
    server.deliver(ada);
    expect(ada.toServer).toEqual([
      { type: 'presence.set', brane_id: ada.brane.id, state: { cursor: [1, 2, 3] } },
    ]);
    const session_id = 's' as never;
    const user_id = bob.user;
    const update = { type: 'presence.update', brane_id: ada.brane.id } as const;
    ada.brane.receive({ ...update, entries: [{ session_id, user_id, state: { a: 1, b: 2 } }], left: [] });
    ada.brane.receive({ ...update, entries: [{ session_id, user_id, state: { a: null } }], left: [] });
    expect([...ada.brane.presence.entries.values()]).toEqual([
      { sessionId: 's', userId: bob.user, state: { b: 2 } },
    ]);
    ada.brane.receive({ ...update, entries: [], left: [session_id] });
    expect(ada.brane.presence.entries.size).toBe(0);
    await environment.advance(4_000);
    expect(ada.toServer).toHaveLength(2);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'converges with others whatever is delayed, cut or refused (SDK-10, seed %i)',
    async (seed) => {
      const random = seededRandom(seed);
      const lines = [ada, bob, server.connect(asUserId(environment.ids.uuid()))];
      server.flush();
      for (let step = 0; step < 300; step += 1) {
        const line = pick(random, lines);
        const dice = nextInt(random, 20);
        if (dice < 10) tryEdit(line, random);
        else if (dice < 13) server.serve(line);
        else if (dice < 17) server.deliver(line, 1 + nextInt(random, 3));
        else if (dice === 17) server.cut(line);
        else if (dice === 18)
          server.refuseNext = fail('commit.conflict', undefined, undefined, { retryAfterMs: 10 });
        else server.restore(line);
      }
      server.refuseNext = undefined;
      for (const line of lines) {
        server.cut(line);
        server.restore(line);
      }
      for (let round = 0; round < 10; round += 1) {
        server.flush();
        await environment.advance(1_000);
      }
      for (const line of lines) {
        expect(line.brane.saveState).toMatchObject({ waiting: 0 });
        expect(confirmed(line)).toEqual(stored());
      }
      expect(new Set(server.log.map((entry) => entry.frame.op_id)).size).toBe(server.log.length);
    },
  );

  function tryEdit(line: Line, random: ReturnType<typeof seededRandom>): void {
    const all = [...walk(line.brane.view, root)];
    const target = pick(random, all);
    try {
      switch (nextInt(random, 6)) {
        case 0:
          line.brane.create({ kind: 'group', parent_id: target.id });
          return;
        case 1:
          line.brane.update(target.id, { '/properties/n': nextInt(random, 100) });
          return;
        case 2:
          line.brane.move(target.id, pick(random, all).id);
          return;
        case 3:
          line.brane.delete(target.id);
          return;
        case 4:
          line.brane.undo();
          return;
        default:
          line.brane.redo();
      }
    } catch (error) {
      // The rules refuse some of it at once; that is part of the game.
      expect(error).toHaveProperty('code');
    }
  }
});
