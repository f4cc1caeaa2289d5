import type { PrototypeId, PrototypeTree, UserId } from '@state-server/domain';
import type { Store } from '@state-server/persistence-port';
import { fail, type PublishVersionRequest } from '@state-server/protocol';
import { readSubtree } from './read-subtree';
import { GROUP_ROOT, membersOf, nodesOf, nodesOfObjects } from './tree-of';

/** The tree that a request asks to publish: as it was handed in, or as it stands in a brane. Throws `prototype.invalid`. */
export async function treeToPublish(
  store: Store,
  userId: UserId,
  id: PrototypeId,
  { nodes, from, members }: PublishVersionRequest,
): Promise<PrototypeTree> {
  if (from !== undefined) {
    if (nodes ?? members)
      throw fail('prototype.invalid', { pointer: '/from' }, 'Name either from, or what it is made of.');
    const objects = await readSubtree(store, userId, from.object_id);
    return { nodes: nodesOfObjects(id, objects), members: [] };
  }
  if (members !== undefined) {
    return { nodes: nodes === undefined ? [GROUP_ROOT] : nodesOf(nodes), members: membersOf(members) };
  }
  return { nodes: nodesOf(nodes ?? []), members: [] };
}
