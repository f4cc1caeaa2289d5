import { isText, LIMITS, PROTOTYPE_LIMITS } from '@state-server/domain';
import { type PrototypeDoc, putListing, type Transaction } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';

type Fields = Omit<PrototypeDoc, 'kept' | 'listed'>;

/** Writes the prototype, and how its owner and everybody find it. */
export async function putPrototype(tx: Transaction, fields: Fields): Promise<PrototypeDoc> {
  const { is_public, is_deprecated, is_deleted, latest_version, name, created_at, tags, description } =
    fields;
  const isListed = is_public && !is_deprecated && !is_deleted && latest_version !== undefined;
  const prototype: PrototypeDoc = {
    ...fields,
    ...(is_deleted ? {} : { kept: 1 }),
    ...(isListed ? { listed: 1 } : {}),
  };
  tx.put('prototypes', prototype);
  // Its place among the popular ones, and whether it is shown there, are looked at again.
  const { id, version, updated_at: at } = fields;
  const activity = { kind: 'prototype', subject: id, at, visits: 0, edits: 1, instances: 0 } as const;
  tx.put('activity', { ...activity, id: `prototype/${id}/${version}` });
  const texts = description === undefined ? tags : [...tags, description];
  await putListing(tx, 'prototype', fields.id, isListed ? { name, created_at, texts } : undefined);
  return prototype;
}

/** What a prototype says of itself, within its limits. Throws `field.invalid` or `field.too_large`. */
export function assertTexts(texts: {
  readonly name?: string | undefined;
  readonly description?: string | null | undefined;
  readonly tags?: readonly string[] | undefined;
}): void {
  const { name, description, tags = [] } = texts;
  assertText('/name', name, LIMITS.name_chars);
  assertText('/description', description ?? undefined, PROTOTYPE_LIMITS.description_chars);
  for (const [index, tag] of tags.entries()) assertText(`/tags/${index}`, tag, PROTOTYPE_LIMITS.tag_chars);
  const max = PROTOTYPE_LIMITS.tags_per_prototype;
  if (tags.length > max) throw fail('field.too_large', { pointer: '/tags', max });
}

/** Throws `field.invalid` or `field.too_large`. */
export function assertText(pointer: string, text: string | undefined, max: number): void {
  if (text === undefined) return;
  if (!isText(text)) throw fail('field.invalid', { pointer });
  if (Array.from(text).length > max) throw fail('field.too_large', { pointer, max });
}
