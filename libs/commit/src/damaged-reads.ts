import { type BraneId, newMeta, type ObjectId, Scene } from '@state-server/domain';
import {
  type LogDoc,
  type ObjectDoc,
  type ReadTransaction,
  StoreError,
} from '@state-server/persistence-port';

/** A brane before its first entry: what createBrane begins with, known from that entry. */
export function sceneBefore(braneId: BraneId, first: LogDoc): Scene {
  const meta = newMeta({ id: braneId, name: '', visibility: 'private', owner: first.actor, at: first.at });
  return new Scene(meta, []);
}

/** One by one where one of them is damaged. */
export async function getEach(
  tx: ReadTransaction,
  braneId: BraneId,
  ids: readonly ObjectId[],
): Promise<(ObjectDoc | 'corrupt' | undefined)[]> {
  try {
    return await tx.getMany(
      'objects',
      ids.map((id) => [braneId, id]),
    );
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error;
  }
  const docs: (ObjectDoc | 'corrupt' | undefined)[] = [];
  for (const id of ids) {
    try {
      docs.push(await tx.get('objects', [braneId, id]));
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'corrupt') throw error;
      docs.push('corrupt');
    }
  }
  return docs;
}
