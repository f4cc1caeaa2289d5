import { SCOPE_OF } from '@state-server/domain';
import { actionsOf, errorsOf, ROUTES, type Route } from '@state-server/protocol';
import { formatRightsRow, readRightsTable, type RightsRow } from '@state-server/testing';
import { type Answer, type Ask, codeOf } from '../gateway.spec-support';
import { RECIPES } from './recipes.spec-support';
import { requestTo, toldBy } from './requests.spec-support';
import { noPlace, openWorld, type Place, type RightsWorld, type RoleName, ROLES } from './world.spec-support';

/** Those of auth are walked there. */
const routes = Object.values<Route>(ROUTES).filter(({ area }) => area !== 'auth');
const table = readRightsTable('routes');
const rows = new Map(table.rows.map((row) => [row.id, row]));

let world: RightsWorld;
/** Of the private and of the open place; made anew when something was done to it. */
const places: { closed?: Place | undefined; open?: Place | undefined } = {};

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

async function placeOf(role: RoleName): Promise<Place> {
  const name = role === 'visitor' ? 'open' : 'closed';
  return (places[name] ??= await world.makePlace(name === 'open'));
}

async function ask(role: RoleName, route: Route, place: Place, more: Ask = {}): Promise<Answer> {
  const { method, path, ask } = requestTo(route, place);
  const caller = role === 'anonymous' ? world.gateway.nobody : world.people[role];
  const headers = { ...ask.headers, ...more.headers };
  const answer = await caller.ask(method, path, { ...ask, ...more, headers });
  const isSpent = answer.status < 300 && RECIPES[route.id]?.spends === true;
  if (isSpent) places[role === 'visitor' ? 'open' : 'closed'] = undefined;
  return answer;
}

/** What stands in the first columns. */
function claimsOf(route: Route): Pick<RightsRow, 'id' | 'does' | 'scope'> {
  const actions = actionsOf(route);
  const scopes = [...new Set(actions.map((action) => SCOPE_OF[action]))];
  return { id: route.id, does: actions.join(', ') || route.auth, scope: scopes.join(', ') || 'any' };
}

const roles = Object.keys(ROLES) as RoleName[];

it('has a row for every route, and none for a route that is not there (AUTHZ-3)', () => {
  expect(table.roles).toEqual(roles);
  expect(table.rows.filter(({ id }) => !routes.some((route) => route.id === id))).toEqual([]);
  // How to write one: docs/spec/authorisation.md. What it would say as things are, is what the tests below report.
  expect(routes.filter(({ id }) => !rows.has(id)).map(({ id }) => id)).toEqual([]);
});

it.each(routes.map((route) => [route.id, route] as const))(
  'says of %s what it does and which scope it takes (AUTHZ-3, AUTHZ-4)',
  (id, route) => {
    const { does, scope } = rows.get(id) ?? {};
    expect({ id, does, scope }).toEqual(claimsOf(route));
  },
);

it.each(routes.map((route) => [route.id, route] as const))(
  'says rightly what %s answers to each role (AUTHZ-2, AUTHZ-3, AUTHZ-6, AUTHZ-7, AUTHZ-9)',
  async (id, route) => {
    const answered: Record<string, string> = {};
    for (const role of roles) {
      const place = await placeOf(role);
      const answer = await ask(role, route, place);
      answered[role] = String(answer.status);
      await assertTold(role, route, place, answer);
    }
    expect(formatRightsRow({ ...claimsOf(route), answers: answered })).toBe(
      formatRightsRow(rows.get(id) ?? { ...claimsOf(route), answers: {} }),
    );
  },
);

/** That a refusal says what it is, and lets nobody find out what he may not know. */
async function assertTold(role: RoleName, route: Route, place: Place, answer: Answer): Promise<void> {
  const code = codeOf(answer);
  if (answer.status === 401) expect(code).toBe(role === 'suspended' ? 'auth.revoked' : 'auth.required');
  if (answer.status === 403) {
    const isKey = role === 'no scope' || (role === 'service' && code !== 'permission.denied');
    expect([role, code]).toEqual([role, isKey ? 'permission.scope_missing' : 'permission.denied']);
  }
  if (answer.status >= 400 && route.auth === 'bearer') expect(errorsOf(route)).toContain(code);
  const isNobody = role === 'stranger' || role === 'admin';
  if (answer.status !== 403 && !(answer.status === 404 && isNobody)) return;
  // Who may not is told so, whatever else would be wrong with the request.
  if (route.method !== 'GET') {
    const late = await ask(role, route, place, { headers: { 'if-match': '"999"' } });
    expect([role, late.status, codeOf(late)]).toEqual([role, answer.status, code]);
  }
  if (answer.status === 404) {
    const nothing = await ask(role, route, noPlace());
    expect([role, toldBy(nothing)]).toEqual([role, toldBy(answer)]);
  }
}
