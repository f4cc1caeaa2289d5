import type { ObjectId } from '@state-server/domain';
import { fail, type StateError } from '@state-server/protocol';
import { buildWorld, createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { type Line, MiniServer } from './mini-server.spec-support';
import { childrenOf } from './selectors';

describe('an edit that is refused again and again', () => {
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
    bob = server.connect();
    server.flush();
  });

  const names = (line: Line): string[] => [...childrenOf(line.brane.view, root)].map((object) => object.name);
  const block = (name: string) => ({ kind: 'block', parent_id: root, name }) as const;

  it('floods no server that is in trouble: what is refused again goes alone, ever more slowly, and then all go on (I3, SDK-5)', async () => {
    const refusal = (): StateError => fail('dependency.unavailable');
    server.refuseAll = refusal();
    for (let index = 0; index < 100; index += 1) ada.brane.create(block(`${index}`));
    server.flush();
    let frames = 0;
    let tries = 0;
    for (let passed = 0; passed < 20_000; passed += 250) {
      await environment.advance(250);
      if (ada.toServer.length > 0) tries += 1;
      frames += ada.toServer.length;
      server.flush();
    }
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(25);
    expect(frames).toBeLessThan(100 + tries);
    server.refuseAll = undefined;
    ada.brane.create(block('100'));
    await environment.advance(4_000);
    server.flush();
    expect(names(bob)).toEqual(Array.from({ length: 101 }, (_, index) => `${index}`));
    expect(ada.brane.saveState.saved).toBe(true);
  });

  it('goes on after one that was tried alone is refused for good (I3, SDK-5)', async () => {
    server.refuseAll = fail('dependency.unavailable');
    const first = ada.brane.create(block('first'));
    ada.brane.create(block('second'));
    const refused = expect(first.saved).rejects.toMatchObject({ code: 'permission.denied' });
    server.flush();
    await environment.advance(250);
    server.flush();
    await environment.advance(500);
    expect(ada.toServer).toHaveLength(1);
    server.refuseAll = undefined;
    server.refuseNext = fail('permission.denied');
    server.flush();
    await refused;
    expect(names(bob)).toEqual(['second']);
  });
});
