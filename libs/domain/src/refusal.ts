/** Why a rule of the domain refuses something. The wire's error table has a row for each. */
export const REFUSAL_CODES = [
  'object.not_found',
  'object.exists',
  'object.not_a_group',
  'object.is_root',
  'object.cycle',
  'object.too_deep',
  'object.too_many_children',
  'object.version_mismatch',
  'object.not_deleted',
  'object.locked',
  'object.pinned',
  'object.too_many_to_move',
  'brane.too_many_objects',
  'brane.frozen',
  'field.not_settable',
  'field.overlap',
  'field.invalid',
  'field.too_large',
  'transform.not_finite',
  'order.invalid',
  'op.invalid',
  'op.unsupported',
  'edit.empty',
  'edit.too_many_ops',
  'edit.too_large',
  'id.taken',
  'prototype.not_found',
  'prototype.version_not_found',
  'prototype.unpublished',
  'prototype.deleted',
  'prototype.deprecated',
  'prototype.invalid',
  'prototype.not_an_instance',
  'property.invalid',
  'property.required',
  'property.unknown',
  'upgrade.nothing',
  'undo.superseded',
  'member.last_owner',
  'member.company_owned',
  'member.unknown',
  'permission.denied',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export interface Refusal {
  readonly code: RefusalCode;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Rules do not throw: they answer with a value or with the reason why not. */
export type Result<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

export function refuse(code: RefusalCode, message: string, details?: Refusal['details']): Result<never> {
  return { ok: false, refusal: details === undefined ? { code, message } : { code, message, details } };
}
