import type { ObjectId, PrototypeId } from '@state-server/domain';

/** What a rule wanted to read and the replica does not hold. */
export type Want =
  | { readonly kind: 'object'; readonly id: ObjectId }
  | { readonly kind: 'children'; readonly id: ObjectId }
  | { readonly kind: 'brane' }
  | PrototypeWant;

/** The same of prototypes: flags as they are in this transaction, versions as they are for ever. */
export type PrototypeWant =
  | { readonly kind: 'prototype'; readonly id: PrototypeId }
  | {
      readonly kind: 'prototype_version' | 'prototype_tree';
      readonly id: PrototypeId;
      readonly version: number;
    };

/**
 * Thrown out of a rule that reads what the replica does not hold; what it wants is loaded in the same snapshot and the
 * rule runs again. Made without a stack trace: it is a signal on a warm path, not a mistake.
 */
export class NotLoaded extends Error {
  constructor(readonly want: Want) {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(`not loaded: ${want.kind}`);
    Error.stackTraceLimit = limit;
    this.name = 'NotLoaded';
  }
}

/** The store holds something else than the replica: it is to be dropped, and the transaction made anew. */
export class ReplicaDoubt extends Error {
  constructor(braneId: string, id: ObjectId) {
    super(`the replica of ${braneId} does not hold ${id} as the store does`);
    this.name = 'ReplicaDoubt';
  }
}
