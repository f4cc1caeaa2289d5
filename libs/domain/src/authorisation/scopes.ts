import type { Scope } from '../scopes';
import type { Action } from './rights';

/** `any`: no scope is asked for. `none`: no scope allows it, only somebody signed in himself may. */
export type ScopeRule = Scope | 'any' | 'none';

/** The scope that an action asks for. */
export const SCOPE_OF: Readonly<Record<Action, ScopeRule>> = {
  'brane.view': 'brane:read',
  'brane.view_work': 'brane:read',
  'brane.edit': 'brane:write',
  'brane.undo': 'brane:write',
  'brane.leave': 'brane:manage',
  'brane.moderate': 'brane:manage',
  'brane.manage_members': 'brane:manage',
  'brane.configure': 'brane:manage',
  'brane.delete': 'brane:manage',
  'company.view': 'company:read',
  'company.configure': 'company:write',
  'company.manage_members': 'company:write',
  'company.manage_owners': 'company:write',
  'company.own_branes': 'company:write',
  'company.delete': 'none',
  'company.leave': 'company:write',
  'prototype.view': 'prototype:read',
  'prototype.use': 'prototype:read',
  'prototype.change': 'prototype:write',
  'prototype.publish': 'prototype:write',
  'prototype.delete': 'prototype:write',
  'user.view': 'user:read',
  'user.view_private': 'user:read',
  'user.change': 'user:write',
  'user.delete': 'none',
  'user.view_inventory': 'user:read',
  'user.change_inventory': 'user:write',
  'user.delegate': 'none',
  'user.administer': 'none',
  'server.session': 'any',
  'server.connect': 'brane:read',
  'server.list_branes': 'brane:read',
  'server.create_brane': 'brane:manage',
  'server.list_prototypes': 'prototype:read',
  'server.create_prototype': 'prototype:write',
  'server.list_companies': 'company:read',
  'server.create_company': 'none',
  'server.account': 'none',
  'server.measure': 'analytics:read',
  'server.administer': 'none',
};
