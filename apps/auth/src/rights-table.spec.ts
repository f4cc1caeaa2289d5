import type { IdentityKind, Scope } from '@state-server/domain';
import { asUserId, SCOPE_OF, SCOPES } from '@state-server/domain';
import type { TokenVerifier } from '@state-server/identity';
import { actionsOf, errorsOf, fail, ROUTES, type Route } from '@state-server/protocol';
import { formatRightsRow, readRightsTable } from '@state-server/testing';
import { type Answer, closeAll, codeOf, startAuth, type TestAuth } from './auth.spec-support';

/** What each role's token says besides its user. */
const ROLES: Readonly<
  Record<string, { readonly kind?: IdentityKind; readonly scopes?: readonly Scope[] } | undefined>
> = {
  anonymous: undefined,
  user: {},
  guest: { kind: 'guest' },
  service: { kind: 'service', scopes: SCOPES },
  'no scope': { kind: 'service', scopes: [] },
  suspended: {},
};

interface SignedIn {
  readonly role: string;
  readonly token: string | undefined;
  readonly refresh: string;
  readonly session: string;
}

const VERIFIER = 'v'.repeat(43);
const BEGIN = `?return_to=https://a.example/&code_challenge=${VERIFIER}`;

/** A good request, where there is more to it than method and path. */
const RECIPES: Readonly<
  Record<string, (by: SignedIn) => { readonly body?: unknown; readonly query?: string; readonly id?: string }>
> = {
  'auth.dev': ({ role }) => ({ body: { name: role } }),
  'auth.refresh': ({ refresh }) => ({ body: { refresh_token: refresh } }),
  'auth.revoke': ({ refresh }) => ({ body: { token: refresh } }),
  'auth.token': () => ({ body: { code: 'none', code_verifier: VERIFIER } }),
  'auth.link_identity': () => ({ body: { code: 'none', code_verifier: VERIFIER } }),
  'auth.guest': () => ({ body: { name: 'Gast', brane_id: crypto.randomUUID() } }),
  'auth.unlink_identity': () => ({ id: 'google' }),
  'auth.end_session': ({ session }) => ({ id: session }),
  'auth.google': () => ({ query: BEGIN }),
  'auth.microsoft': () => ({ query: BEGIN }),
};

const routes = Object.values<Route>(ROUTES).filter(({ area }) => area === 'auth');
const table = readRightsTable('auth');
const rows = new Map(table.rows.map((row) => [row.id, row]));
const roles = new Map<string, string>();
let auth: TestAuth;

beforeAll(async () => {
  auth = await startAuth({ SIGN_INS_PER_MINUTE: '100000' }, {}, {}, asRoles);
});
afterAll(closeAll);

/** Tokens as they are, with what those of a key, of a guest, of a suspended user would be. */
function asRoles(verifier: TokenVerifier): TokenVerifier {
  return {
    ...verifier,
    verify: async (token) => {
      const identity = await verifier.verify(token);
      const role = roles.get(identity.user_id) ?? '';
      if (role === 'suspended') throw fail('auth.revoked');
      return { ...identity, ...ROLES[role] };
    },
  };
}

async function signIn(role: string): Promise<SignedIn> {
  if (role === 'anonymous') return { role, token: undefined, refresh: 'none', session: crypto.randomUUID() };
  const { body } = await auth.send('POST', '/auth/dev', { body: { name: role } });
  const { access_token, refresh_token, user } = body as Record<'access_token' | 'refresh_token', string> & {
    readonly user: { readonly id: string };
  };
  const [, claims = ''] = access_token.split('.');
  const { sid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly sid: string };
  roles.set(user.id, role);
  if (role === 'suspended') await suspend(user.id, true);
  return { role, token: access_token, refresh: refresh_token, session: sid };
}

async function suspend(userId: string, suspended: boolean): Promise<void> {
  const id = asUserId(userId);
  await auth.store.transact({ label: 'spec' }, async (tx) => {
    const user = await tx.get('users', [id]);
    if (!user) throw new Error(`there is no user ${id}`);
    const { suspension: _, ...free } = user;
    const suspension = { by: id, at: new Date().toISOString(), reason: 'spec' };
    tx.put('users', { ...free, ...(suspended && { suspension }) });
  });
}

async function ask(route: Route, by: SignedIn, session?: string): Promise<Answer> {
  const { body, query = '', id = '' } = RECIPES[route.id]?.(by) ?? {};
  const path = `${route.path.replace(/\{\w+\}/, session ?? id)}${query}`;
  return auth.send(route.method, path, {
    ...(by.token === undefined ? {} : { token: by.token }),
    ...(body === undefined ? {} : { body }),
  });
}

it('has a row for every route of auth, and none for one that is not there (AUTHZ-3)', () => {
  expect(table.roles).toEqual(Object.keys(ROLES));
  expect([...rows.keys()].sort()).toEqual(routes.map(({ id }) => id).sort());
});

it.each(routes.map((route) => [route.id, route] as const))(
  'says rightly what %s answers to each role (AUTHZ-3, AUTHZ-4, AUTHZ-6)',
  async (id, route) => {
    const answers: Record<string, string> = {};
    for (const role of Object.keys(ROLES)) {
      const by = await signIn(role);
      const answer = await ask(route, by);
      answers[role] = String(answer.status);
      if (answer.status >= 400 && route.auth === 'bearer') expect(errorsOf(route)).toContain(codeOf(answer));
      for (const [userId, known] of roles) if (known === 'suspended') await suspend(userId, false);
    }
    const actions = actionsOf(route);
    const scope = [...new Set(actions.map((action) => SCOPE_OF[action]))].join(', ') || 'any';
    const row = { id, does: actions.join(', ') || route.auth, scope, answers };
    expect(formatRightsRow(row)).toBe(formatRightsRow(rows.get(id) ?? { ...row, answers: {} }));
  },
);

it("tells nobody of another's session (AUTHZ-2)", async () => {
  const [one, other] = [await signIn('user'), await signIn('guest')];
  const route: Route = ROUTES['auth.end_session'];
  const told = ({ status, body }: Answer): string =>
    `${status} ${JSON.stringify(body).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id')}`;
  const foreign = told(await ask(route, one, other.session));
  expect(foreign).toMatch('404 ');
  expect(foreign).toBe(told(await ask(route, one, crypto.randomUUID())));
});
