/** What anybody with an account may begin. */
const OF_EVERYBODY = [
  'server.session',
  'server.connect',
  'server.list_branes',
  'server.create_brane',
  'server.list_prototypes',
  'server.create_prototype',
  'server.list_companies',
  'server.create_company',
  'server.account',
  'server.measure',
] as const;

/**
 * Who may do what: of each kind of resource, what each standing to it allows. Whoever has no standing must not learn that the
 * resource is there. This is the only place that decides; `can` reads it, docs/spec/authorisation.md tells it by routes.
 */
export const RIGHTS = {
  brane: {
    owner: [
      'brane.view',
      'brane.view_work',
      'brane.edit',
      'brane.undo',
      'brane.moderate',
      'brane.manage_members',
      'brane.configure',
      'brane.delete',
      'brane.leave',
    ],
    moderator: ['brane.view', 'brane.view_work', 'brane.edit', 'brane.undo', 'brane.moderate', 'brane.leave'],
    editor: ['brane.view', 'brane.view_work', 'brane.edit', 'brane.undo', 'brane.leave'],
    viewer: ['brane.view', 'brane.view_work', 'brane.leave'],
    /** Whoever sees it through its visibility alone. */
    guest: ['brane.view'],
  },
  company: {
    owner: [
      'company.view',
      'company.configure',
      'company.manage_members',
      'company.manage_owners',
      'company.own_branes',
      'company.delete',
      'company.leave',
    ],
    admin: [
      'company.view',
      'company.configure',
      'company.manage_members',
      'company.own_branes',
      'company.leave',
    ],
    member: ['company.view', 'company.leave'],
  },
  prototype: {
    owner: ['prototype.view', 'prototype.use', 'prototype.change', 'prototype.publish', 'prototype.delete'],
    /** While it is public. */
    reader: ['prototype.view', 'prototype.use'],
  },
  user: {
    self: [
      'user.view',
      'user.view_private',
      'user.change',
      'user.delete',
      'user.view_inventory',
      'user.change_inventory',
      /** Gives programs keys that act for him. */
      'user.delegate',
    ],
    /** An administrator of the server, to anybody else. */
    admin: ['user.view', 'user.view_private', 'user.administer'],
    other: ['user.view'],
  },
  /** What belongs to nobody yet: lists, and what is made anew. */
  server: {
    admin: [...OF_EVERYBODY, 'server.administer'],
    user: OF_EVERYBODY,
  },
} as const;

export type ResourceKind = keyof typeof RIGHTS;
export type StandingIn<Kind extends ResourceKind> = keyof (typeof RIGHTS)[Kind] & string;
type Listed<Table> = Table[keyof Table] extends readonly (infer A)[] ? A : never;
/** What can be done with a resource of the kind. */
export type ActionOn<Kind extends ResourceKind> = Listed<(typeof RIGHTS)[Kind]>;
export type Action = { [Kind in ResourceKind]: ActionOn<Kind> }[ResourceKind];
/** The kind of resource that an action is done with. */
export type KindOf<A extends Action> = A extends `${infer Kind extends ResourceKind}.${string}`
  ? Kind
  : never;
