import type { Recipe } from './requests.spec-support';

const uuid = (): string => crypto.randomUUID();
const rename = (id: string): unknown => ({
  op_id: uuid(),
  ops: [{ op: 'update', id, set: { '/name': uuid() } }],
});

/** Where a good request is more than the defaults of `requestTo`. */
export const RECIPES: Readonly<Record<string, Recipe>> = {
  'users.update_me': { body: () => ({ locale: 'en' }) },
  'users.update': { body: () => ({ locale: 'en' }) },
  // Without an If-Match there is no deletion, and so all of these users stay.
  'users.delete': {},
  'users.delete_inventory': { spends: true },
  'admin.put_roles': { body: () => ({ roles: ['user'] }) },
  'brane.update': { body: () => ({ name: 'z' }) },
  'brane.edit': { body: ({ object }) => rename(object) },
  'brane.restore': { body: () => ({ seq: 6 }), spends: true },
  'brane.undo': { spends: true },
  'brane.delete': { spends: true },
  'members.delete': { spends: true },
  'brane.fork': { body: () => ({ name: 'copy' }) },
  'members.put': { body: () => ({ role: 'viewer' }) },
  'object.create': {
    body: ({ brane, object }) => ({ brane_id: brane, parent_id: object, kind: 'block' }),
  },
  'object.update': { body: () => ({ set: { '/name': 'x' } }) },
  'object.move': { path: ({ child }) => ({ id: child }), body: ({ brane }) => ({ parent_id: brane }) },
  'object.delete': { spends: true },
  'object.promote': { spends: true },
  'object.remove_gallery': { spends: true },
  'object.link': { path: ({ portal }) => ({ id: portal }) },
  'object.demote': { path: ({ portal }) => ({ id: portal }) },
  'object.upgrade': { path: ({ instance }) => ({ id: instance }) },
  'service.create': { body: () => ({ name: 'crane true' }), spends: true },
  'service.create_key': {
    body: () => ({ scopes: ['brane:read'], expires_in_days: 30 }),
  },
  'service.delete': { spends: true },
  'service.revoke_key': { spends: true },
  'company.update': { body: () => ({ name: 'Port' }) },
  'company.delete': { spends: true },
  'company.put_member': { body: () => ({ role: 'member' }) },
  'company.delete_member': { spends: true },
  'company.invite': { body: () => ({ email: `${uuid()}@x.test` }) },
  'company.get_invitation': {
    path: ({ company, invitation }) => ({ id: company, invitation_id: invitation }),
  },
  'company.revoke_invitation': {
    path: ({ company, invitation }) => ({ id: company, invitation_id: invitation }),
    spends: true,
  },
  'brane.set_company': { body: ({ company }) => ({ company_id: company }), spends: true },
  'links.update': { body: () => ({ role: 'editor' }) },
  'links.revoke': { spends: true },
  'moderation.act': { spends: true },
  'prototype.update': { body: () => ({ description: 'shines' }) },
  'prototype.instantiate': { path: ({ offer }) => ({ id: offer }) },
  'prototype.delete': { spends: true },
  'prototype.publish': { body: () => ({ nodes: [{ key: 'root', kind: 'group' }] }) },
  'entity.space': { query: ({ brane }) => `?brane_id=${brane}&min=0,0,0&max=1,1,1` },
};
