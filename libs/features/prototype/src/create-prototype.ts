import { toCommitError } from '@state-server/commit';
import type { PrototypeId, PrototypeKind } from '@state-server/domain';
import type { PrototypeDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import type { PrototypeDeps, PrototypeWriter } from './prototype-deps';
import { assertTexts, putPrototype } from './put-prototype';

export interface CreatePrototype extends PrototypeWriter {
  readonly id: PrototypeId;
  readonly kind: PrototypeKind;
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly is_public: boolean;
}

/** Makes a prototype without a version. Throws `field.invalid`, `field.too_large`, `id.taken`, `user.not_found`. */
export async function createPrototype(deps: PrototypeDeps, input: CreatePrototype): Promise<PrototypeDoc> {
  const { user_id, also, id, kind, name, description, tags = [], is_public } = input;
  assertTexts(input);
  const at = new Date(deps.environment.clock.now()).toISOString();
  try {
    return await deps.store.transact({ label: 'prototype.create' }, async (tx) => {
      // Nothing becomes his who goes at this moment (SYNC P1).
      tx.guard('users', [user_id]);
      const owner = await tx.get('users', [user_id]);
      if (owner?.deleted_at !== undefined) throw fail('user.not_found', { id: user_id });
      if (await tx.get('prototypes', [id])) throw fail('id.taken', { id });
      const prototype = await putPrototype(tx, {
        id,
        owner_id: user_id,
        kind,
        name,
        ...(description === undefined ? {} : { description }),
        tags,
        is_public,
        is_deprecated: false,
        is_deleted: false,
        version: 1,
        created_at: at,
        updated_at: at,
      });
      await also?.(tx, prototype);
      return prototype;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}
