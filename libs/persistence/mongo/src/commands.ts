import type { Change, Query } from './driver';

/** How a query is asked of MongoDB. Every range names its index: without it, it fails rather than walks all documents. */
export interface FindCommand {
  readonly filter: Readonly<Record<string, unknown>>;
  readonly options: {
    readonly sort?: Readonly<Record<string, 1 | -1>>;
    readonly limit?: number;
    readonly batchSize: number;
    readonly hint?: Readonly<Record<string, 1>>;
  };
}

export function findCommand(query: Query): FindCommand {
  if (query.kind === 'ids') {
    const [only, ...more] = query.ids;
    return {
      filter: { _id: more.length > 0 ? { $in: query.ids } : only },
      options: { batchSize: query.ids.length + 1 },
    };
  }
  const { field, from, below, reverse, limit, onlyChunked } = query;
  return {
    filter: { [field]: { $gte: from, $lt: below }, ...(onlyChunked && { _chunks: { $exists: true } }) },
    // One more than the limit: the server says in the same answer that there is no more.
    options: { sort: { [field]: reverse ? -1 : 1 }, limit, batchSize: limit + 1, hint: { [field]: 1 } },
  };
}

/** The forms of a bulk write that are used here. */
export type WriteModel =
  | { replaceOne: { filter: { _id: string }; replacement: Record<string, unknown>; upsert: true } }
  | { updateOne: { filter: { _id: string }; update: Record<string, unknown>; upsert: boolean } }
  | { deleteOne: { filter: { _id: string } } };

export function writeModel(change: Change): WriteModel {
  switch (change.kind) {
    case 'replace': {
      const { _id, ...replacement } = change.document;
      return { replaceOne: { filter: { _id }, replacement, upsert: true } };
    }
    case 'guard':
      return { updateOne: { filter: { _id: change.id }, update: { $inc: { _guards: 1 } }, upsert: true } };
    case 'patch': {
      const update = {
        // What is patched is written, whatever else becomes of it.
        $inc: { _guards: 1 },
        ...(Object.keys(change.set).length > 0 && { $set: change.set }),
        ...(change.unset.length > 0 && {
          $unset: Object.fromEntries(change.unset.map((field) => [field, ''])),
        }),
      };
      return { updateOne: { filter: { _id: change.id }, update, upsert: false } };
    }
    case 'delete':
      return { deleteOne: { filter: { _id: change.id } } };
    default:
      return change satisfies never;
  }
}
