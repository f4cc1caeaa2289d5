import { toCommitError } from '@state-server/commit';
import {
  checkContent,
  checkSize,
  type Migration,
  type PrototypeId,
  type PrototypeTree,
  type PropertySchema,
  PROTOTYPE_LIMITS,
  type TreeSize,
  type VersionContent,
} from '@state-server/domain';
import type {
  PrototypeDoc,
  PrototypeVersionDoc,
  ReadTransaction,
  Transaction,
} from '@state-server/persistence-port';
import { fail, fromRefusal } from '@state-server/protocol';
import { ownIn } from './find-prototype';
import type { PrototypeDeps, PrototypeWriter } from './prototype-deps';
import { assertText, putPrototype } from './put-prototype';

/** A version with all that it holds. */
export interface PublishedVersion {
  readonly facts: PrototypeVersionDoc;
  readonly tree: PrototypeTree;
}

export interface PublishVersion extends Omit<PrototypeWriter, 'also'> {
  readonly id: PrototypeId;
  readonly tree: PrototypeTree;
  readonly schema?: PropertySchema;
  readonly migrations?: readonly Migration[];
  readonly notes?: string;
  readonly also?: (tx: Transaction, published: PublishedVersion) => Promise<void>;
}

/** Publishes the next version: from then on it never changes. Throws what `findPrototype` does, and what `checkContent` refuses. */
export async function publishVersion(deps: PrototypeDeps, input: PublishVersion): Promise<PublishedVersion> {
  const { user_id, id, tree, schema, migrations = [], notes, also } = input;
  assertText('/notes', notes, PROTOTYPE_LIMITS.notes_chars);
  const content: VersionContent = { tree, migrations, ...(schema === undefined ? {} : { schema }) };
  const size = checkContent(content);
  if (!size.ok) throw fromRefusal(size.refusal);
  const at = new Date(deps.environment.clock.now()).toISOString();
  try {
    return await deps.store.transact({ label: 'prototype.publish' }, async (tx) => {
      const before = await ownIn(tx, user_id, id);
      if ((before.kind === 'group') !== tree.members.length > 0) throw wrongKind(before);
      const version = (before.latest_version ?? 0) + 1;
      const max = PROTOTYPE_LIMITS.versions_per_prototype;
      if (version > max) throw fail('field.too_large', { pointer: '/versions', max });
      const facts: PrototypeVersionDoc = {
        prototype_id: id,
        version,
        ...(await wholeSize(tx, before, tree, size.value)),
        migrations,
        ...(schema === undefined ? {} : { schema }),
        ...(notes === undefined ? {} : { notes }),
        published_at: at,
        published_by: user_id,
      };
      tx.put('prototype_versions', facts);
      tx.put('prototype_trees', { prototype_id: id, version, tree });
      const { kept: _kept, listed: _listed, ...fields } = before;
      await putPrototype(tx, {
        ...fields,
        latest_version: version,
        version: before.version + 1,
        updated_at: at,
      });
      const published = { facts, tree };
      await also?.(tx, published);
      return published;
    });
  } catch (error) {
    throw toCommitError(error);
  }
}

function wrongKind({ kind }: PrototypeDoc): Error {
  const pointer = '/members';
  const message =
    kind === 'group'
      ? 'A version of a prototype group has members.'
      : 'Only a version of a prototype group has members.';
  return fail('prototype.invalid', { pointer, kind }, message);
}

/** With the members, of which all must be such that the owner may use them, and stand on their own. */
async function wholeSize(
  tx: ReadTransaction,
  group: PrototypeDoc,
  { members }: PrototypeTree,
  own: TreeSize,
): Promise<TreeSize> {
  let { objects, levels, content_bytes } = own;
  for (const [index, { prototype_id: id, version }] of members.entries()) {
    const pointer = `/members/${index}`;
    const member = await tx.get('prototypes', [id]);
    const isUsable = member && (member.is_public || member.owner_id === group.owner_id);
    if (!isUsable) throw fail('prototype.not_found', { pointer, prototype_id: id });
    if (member.is_deleted) throw fail('prototype.deleted', { pointer, prototype_id: id });
    if (member.kind === 'group') {
      throw fail('prototype.invalid', { pointer }, 'A member of a prototype group is no group itself.');
    }
    const facts = await tx.get('prototype_versions', [id, version]);
    if (!facts) throw fail('prototype.version_not_found', { pointer, prototype_id: id, version });
    objects += facts.objects;
    levels = Math.max(levels, facts.levels + 1);
    content_bytes += facts.content_bytes;
  }
  const whole = { objects, levels, content_bytes };
  const fits = checkSize(whole);
  if (!fits.ok) throw fromRefusal(fits.refusal);
  return whole;
}
