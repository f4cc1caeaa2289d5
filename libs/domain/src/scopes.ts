/**
 * What a key of a service account, or a token of an outside issuer, may be used for at most; its user's own rights are the
 * other bound. `write` does not contain `read`.
 */
export const SCOPES = [
  'brane:read',
  'brane:write',
  /** Members, settings, moderation and deletion; making new ones. */
  'brane:manage',
  'prototype:read',
  'prototype:write',
  'user:read',
  'user:write',
  'company:read',
  'company:write',
  'analytics:read',
  'analytics:write',
] as const;

export type Scope = (typeof SCOPES)[number];

/** Who somebody is signed in as: a person, a guest who came by a link, or a program with a key of its own. */
export type IdentityKind = 'user' | 'guest' | 'service';

/** Whether somebody with these scopes may do what needs this one; without a list he may do everything. */
export function hasScope(scopes: readonly Scope[] | undefined, needed: Scope): boolean {
  return scopes === undefined || scopes.includes(needed);
}

export function isScope(value: unknown): value is Scope {
  return SCOPES.some((scope) => scope === value);
}
