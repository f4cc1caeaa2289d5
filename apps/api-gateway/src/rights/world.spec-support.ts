import { startOperation } from '@state-server/commit';
import { asBraneId, asOpId, type IdentityKind, type Scope, SCOPES } from '@state-server/domain';
import { createTestTokens, type TestTokens } from '@state-server/identity';
import { realEnvironment as environment } from '@state-server/platform';
import {
  type Caller,
  fieldOf,
  makeBrane,
  makeGroup,
  makeInstance,
  makePrototype,
  startTestGateway,
  type TestGateway,
  textOf,
} from '../gateway.spec-support';

/** What a role's token is, besides its user; without an entry that of a user who may do all that is his. */
const TOKENS: Readonly<Record<string, { readonly kind: IdentityKind; readonly scopes?: readonly Scope[] }>> =
  {
    guest: { kind: 'guest' },
    service: { kind: 'service', scopes: SCOPES },
    'no scope': { kind: 'service', scopes: [] },
  };

/** The columns of the table; each is a user of his own, but `anonymous`, who sends no token. */
export const ROLES = {
  anonymous: 'sends no token',
  stranger: 'is signed in, and a member of nothing',
  visitor: 'the same, where the brane is to be seen by link and the prototype is public',
  viewer: 'is a viewer of the brane',
  guest: 'came by a link and has no account; an editor of the brane',
  editor: 'is an editor of the brane',
  moderator: 'is a moderator of the brane',
  owner: 'owns the brane and the prototype, and is the user that is asked about',
  service: 'a key with every scope, an owner of the brane',
  'no scope': 'a key without any, an owner of the brane',
  suspended: 'was an owner of the brane',
  admin: 'administers the server, and is a member of nothing',
} as const;

export type RoleName = keyof typeof ROLES;
type Person = Exclude<RoleName, 'anonymous'>;

/** Whose role in the brane the world gives. */
const MEMBERS = {
  viewer: 'viewer',
  guest: 'editor',
  editor: 'editor',
  moderator: 'moderator',
  service: 'owner',
  'no scope': 'owner',
  suspended: 'owner',
} as const;

/** What he is in the company who is this in the brane; without an entry a member. */
const COMPANY_ROLES: Readonly<Record<string, string>> = { owner: 'owner', moderator: 'admin' };

/** Ids of what the requests are about. A place of which there is nothing has ids that nothing has. */
export interface Place {
  readonly brane: string;
  /** A group, and one below it. */
  readonly object: string;
  readonly child: string;
  /** An instance of the prototype. */
  readonly instance: string;
  /** A link to a brane that is nobody's. */
  readonly portal: string;
  readonly prototype: string;
  /** Another one, of the same owner, that is public. */
  readonly offer: string;
  readonly operation: string;
  /** A service account of the user's, and a key of it. */
  readonly service: string;
  readonly key: string;
  /** A share link. */
  readonly link: string;
  /** A company: run by who owns the brane and who moderates it, the other members are members. */
  readonly company: string;
  /** Into it. */
  readonly invitation: string;
  /** A viewer of the brane, who asks for nothing himself. */
  readonly member: string;
  /** The user that is asked about. */
  readonly user: string;
}

export interface RightsWorld {
  readonly gateway: TestGateway;
  readonly people: Readonly<Record<Person, Caller>>;
  /** A new place: `open` may be seen by everybody. */
  makePlace(open: boolean): Promise<Place>;
  close(): Promise<void>;
}

const many = { points: 1_000_000, seconds: 60 };

export async function openWorld(): Promise<RightsWorld> {
  const ids = new Map<string, RoleName>();
  const gateway = await startTestGateway({
    tokens: await tokensOf((userId) => ids.get(userId)),
    quotas: { read: many, write: many, search: many, heavy: many, upload: many, auth: many, address: many },
  });
  const names = (Object.keys(ROLES) as RoleName[]).filter((name): name is Person => name !== 'anonymous');
  const callers = await Promise.all(names.map((name) => gateway.user(name)));
  const people = Object.fromEntries(names.map((name, n) => [name, callers[n]])) as Record<Person, Caller>;
  for (const name of names) ids.set(people[name].id, name);
  const member = await gateway.user('member');
  await gateway.store.transact({ label: 'spec' }, async (tx) => {
    const user = await tx.get('users', [people.admin.id]);
    if (user) tx.put('users', { ...user, roles: ['user', 'admin'] });
  });
  return {
    gateway,
    people,
    makePlace: (open) => makePlace({ gateway, people, member }, open),
    close: () => gateway.close(),
  };
}

/** Tokens as they are issued, and what a key or a guest's token says besides. */
async function tokensOf(roleOf: (userId: string) => RoleName | undefined): Promise<TestTokens> {
  const tokens = await createTestTokens({
    environment,
    revocations: {
      isRevoked: ({ user_id }) => roleOf(user_id) === 'suspended',
      onRevoked: () => () => undefined,
      staleMs: () => 0,
    },
  });
  const { verifier } = tokens;
  return {
    ...tokens,
    verifier: {
      ...verifier,
      verify: async (token) => {
        const identity = await verifier.verify(token);
        return { ...identity, ...TOKENS[roleOf(identity.user_id) ?? ''] };
      },
    },
  };
}

async function makePlace(
  { gateway, people, member }: Pick<RightsWorld, 'gateway' | 'people'> & { readonly member: Caller },
  open: boolean,
): Promise<Place> {
  const { owner } = people;
  const brane = await makeBrane(owner, { visibility: open ? 'link' : 'private' });
  const put = (id: string, role: string) =>
    owner.ask('PUT', `/brane/${brane}/members/${id}`, { body: { role } });
  await put(member.id, 'viewer');
  const members = Object.entries(MEMBERS) as [keyof typeof MEMBERS, string][];
  if (!open) await Promise.all(members.map(([name, role]) => put(people[name].id, role)));
  const prototype = await makePrototype(owner, { is_public: open });
  const offer = await makePrototype(owner, { is_public: true });
  const instance = await makeInstance(owner, offer, brane);
  const key = crypto.randomUUID();
  await owner.ask('POST', `/prototype/${prototype}/versions`, {
    body: { nodes: [{ key: 'root', kind: 'group' }] },
    key,
  });
  await owner.ask('PUT', `/users/me/inventory/${offer}`, { body: {}, key: crypto.randomUUID() });
  const object = await makeGroup(owner, brane);
  const child = await makeGroup(owner, brane, { parent_id: object });
  const shared = await owner.ask('POST', `/brane/${brane}/links`, { body: { role: 'viewer' } });
  const link = textOf(shared, 'id');
  const accounts = '/users/me/service-accounts';
  // A user has so many of them and no more.
  const { body: known } = await owner.ask('GET', accounts);
  const earlier = (fieldOf(known, 'items') ?? []) as readonly {
    readonly id: string;
    readonly name: string;
  }[];
  for (const { id, name } of earlier) {
    if (name === `crane ${open}`)
      await owner.ask('DELETE', `${accounts}/${id}`, { key: crypto.randomUUID() });
  }
  const made = await owner.ask('POST', accounts, {
    body: { name: `crane ${open}` },
    key: crypto.randomUUID(),
  });
  const service = textOf(made, 'id');
  const issued = await owner.ask('POST', `${accounts}/${service}/keys`, {
    body: { scopes: ['brane:read'], expires_in_days: 30 },
    key: crypto.randomUUID(),
  });
  const serviceKey = textOf(issued, 'id');
  const company = textOf(await owner.ask('POST', '/company', { body: { name: 'Harbour' } }), 'id');
  const join = (id: string, role: string) =>
    owner.ask('PUT', `/company/${company}/members/${id}`, { body: { role } });
  await join(member.id, 'member');
  for (const [name, role] of open ? [] : members) {
    if (name !== 'guest') await join(people[name].id, COMPANY_ROLES[role] ?? 'member');
  }
  const invited = await owner.ask('POST', `/company/${company}/invitations`, { body: { email: 'x@x.test' } });
  const invitation = textOf(invited, 'id');
  const portal = await makeGroup(owner, brane, { link: crypto.randomUUID() });
  const started = await startOperation(
    { store: gateway.store, environment },
    {
      ...{ kind: 'spec', brane_id: asBraneId(brane), user_id: owner.id },
      ...{ op_id: asOpId(crypto.randomUUID()), input: {} },
    },
  );
  return {
    ...{ brane, object, child, instance, portal, prototype, offer, company, invitation },
    operation: started.operation.id,
    ...{ link, service, key: serviceKey },
    member: member.id,
    user: owner.id,
  };
}

/** Where there is nothing. */
export function noPlace(): Place {
  const id = (): string => crypto.randomUUID();
  return {
    ...{ brane: id(), object: id(), child: id(), instance: id(), portal: id(), prototype: id() },
    ...{ service: id(), key: id(), link: id(), offer: id(), operation: id(), member: id(), user: id() },
    ...{ link: id(), offer: id(), operation: id(), member: id(), user: id() },
    ...{ company: id(), invitation: id() },
  };
}
