import { createMemoryStore } from '@state-server/persistence-memory';
import { createFakeEnvironment } from '@state-server/testing';
import type { BraneMessage } from './committer';
import { createCommitter } from './create-committer';
import {
  assertConsistent,
  at,
  edit,
  makeBrane,
  newBlock,
  newGroup,
  rename,
  testIds,
} from './test-support/branes';

describe.each(['weak', 'strict'] as const)('the write path on a %s store', (isolation) => {
  const setUp = () => {
    const environment = createFakeEnvironment();
    const store = createMemoryStore({ environment, isolation });
    const published: BraneMessage[] = [];
    const committer = createCommitter({
      store,
      environment,
      publish: (_braneId, messages) => published.push(...messages),
      writerId: 'writer',
    });
    return { environment, store, committer, published, ids: testIds(environment) };
  };

  it('commits an edit and answers with its place in the log', async () => {
    const { committer, store, ids, published } = setUp();
    const brane = await makeBrane(committer, ids);
    const house = ids.object();
    const first = await edit(committer, ids, brane, [newGroup(house, brane.root, 'house')]);
    const door = ids.object();
    const second = await edit(committer, ids, brane, [
      newBlock(door, house, 'door'),
      { op: 'transform', id: house, transform: at(100) },
      rename(door, 'gate'),
    ]);
    expect([first.seq, second.seq]).toEqual([2, 3]);
    expect(published.map((message) => message.seq)).toEqual([1, 2, 3]);
    await assertConsistent(store, brane.id);
  });
});
