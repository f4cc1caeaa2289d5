import { toCommitError } from '@state-server/commit';
import type { PrototypeId } from '@state-server/domain';
import type { PrototypeDoc } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { ownIn } from './find-prototype';
import type { PrototypeDeps, PrototypeWriter } from './prototype-deps';
import { assertTexts, putPrototype } from './put-prototype';

export interface ChangePrototype extends PrototypeWriter {
  readonly id: PrototypeId;
  /** Refused with `precondition.failed` when the prototype is at another version than these. */
  readonly if_versions?: readonly number[];
}

export interface UpdatePrototype extends ChangePrototype {
  readonly name?: string;
  /** null takes it away. */
  readonly description?: string | null;
  readonly tags?: readonly string[];
  readonly is_public?: boolean;
  readonly is_deprecated?: boolean;
}

/** Changes what a prototype says of itself and who may use it. Throws what `findPrototype` does, and what the limits refuse. */
export async function updatePrototype(deps: PrototypeDeps, input: UpdatePrototype): Promise<PrototypeDoc> {
  const { name, description, tags, is_public, is_deprecated } = input;
  assertTexts(input);
  return change(deps, 'prototype.update', input, (before) => {
    const { description: known, ...rest } = before;
    const told = description === undefined ? known : (description ?? undefined);
    return {
      ...rest,
      ...(name === undefined ? {} : { name }),
      ...(told === undefined ? {} : { description: told }),
      ...(tags === undefined ? {} : { tags }),
      ...(is_public === undefined ? {} : { is_public }),
      ...(is_deprecated === undefined ? {} : { is_deprecated }),
    };
  });
}

/** Marks a prototype as deleted, for good. Its versions stay for the instances that stand on them. */
export async function deletePrototype(deps: PrototypeDeps, input: ChangePrototype): Promise<PrototypeDoc> {
  return change(deps, 'prototype.delete', input, (before) => ({ ...before, is_deleted: true }));
}

async function change(
  deps: PrototypeDeps,
  label: string,
  { user_id, id, if_versions, also }: ChangePrototype,
  make: (before: PrototypeDoc) => PrototypeDoc,
): Promise<PrototypeDoc> {
  const at = new Date(deps.environment.clock.now()).toISOString();
  try {
    return await deps.store.transact({ label }, async (tx) => {
      const before = await ownIn(tx, user_id, id);
      if (if_versions?.includes(before.version) === false) {
        throw fail('precondition.failed', { version: before.version });
      }
      const { kept: _kept, listed: _listed, ...fields } = make(before);
      const prototype = await putPrototype(tx, { ...fields, version: before.version + 1, updated_at: at });
      await also?.(tx, prototype);
      return prototype;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}
