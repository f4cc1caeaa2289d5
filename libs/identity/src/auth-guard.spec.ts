import { Controller, type ExecutionContext, Get } from '@nestjs/common';
import { asSessionId, asUserId } from '@state-server/domain';
import { type RestRequest } from '@state-server/platform';
import { ROUTES, type RouteId } from '@state-server/protocol';
import { createFakeEnvironment } from '@state-server/testing';
import { AuthGuard, callerOf, OpenDoor } from './auth-guard';
import { bearerToken } from './authenticate';
import { assertPermitted } from './permitted';
import { coded } from './identity.spec-support';
import { createTestTokens } from './test-tokens';

@Controller()
class Doors {
  @Get()
  closed(): void {
    return undefined;
  }

  @OpenDoor()
  @Get()
  open(): void {
    return undefined;
  }
}

function context(request: RestRequest, handler: (...args: never[]) => unknown): ExecutionContext {
  return {
    getClass: () => Doors,
    getHandler: () => handler,
    switchToHttp: () => ({ getRequest: () => request }),
  } as unknown as ExecutionContext;
}

function requestTo(route: RouteId | undefined, authorization?: string): RestRequest {
  const base = { id: 'r', method: 'GET', url: '/', params: {}, query: {}, body: undefined };
  const config = route === undefined ? {} : { stateRoute: ROUTES[route] };
  const headers = authorization === undefined ? {} : { authorization };
  return Object.assign({ ...base, headers }, { routeOptions: { config } });
}

async function world() {
  const environment = createFakeEnvironment();
  const tokens = await createTestTokens({ environment });
  const guard = new AuthGuard(tokens.verifier);
  const user_id = asUserId(environment.ids.uuid());
  const token = await tokens.issue({ user_id });
  const enter = (request: RestRequest, handler = Doors.prototype.closed) =>
    guard.canActivate(context(request, handler));
  return { enter, token, user_id };
}

describe('what a caller may ever do (AUTHZ-4)', () => {
  const user_id = asUserId('00000000-0000-4000-8000-000000000001');
  const base = {
    user_id,
    session_id: asSessionId(user_id),
    token_id: 't',
    name: 'k',
    issued_at: 0,
    expires_at: 1,
  };

  it('is held against what the route is for, and the scope that it takes is named', () => {
    const key = { ...base, kind: 'service', scopes: ['brane:read', 'brane:manage'] } as const;
    expect(() => assertPermitted(key, ROUTES['brane.get'])).not.toThrow();
    expect(() => assertPermitted(key, ROUTES['health.live'])).not.toThrow();
    expect(() => assertPermitted(key, undefined)).not.toThrow();
    expect(() => assertPermitted(key, ROUTES['brane.edit'])).toThrow(
      expect.objectContaining({
        code: 'permission.scope_missing',
        details: { scope: 'brane:write' },
      }) as Error,
    );
    expect(() => assertPermitted(key, ROUTES['users.delete'])).toThrow(
      expect.objectContaining({ code: 'permission.scope_missing', details: { scope: null } }) as Error,
    );
    // A fork reads one brane and makes another.
    expect(() => assertPermitted(key, ROUTES['brane.fork'])).not.toThrow();
    expect(() => assertPermitted({ ...key, scopes: ['brane:manage'] }, ROUTES['brane.fork'])).toThrow();
    expect(() => assertPermitted({ ...base, kind: 'guest' }, ROUTES['brane.create'])).toThrow(
      expect.objectContaining({ code: 'permission.denied' }) as Error,
    );
    expect(() => assertPermitted({ ...base, kind: 'user' }, ROUTES['users.delete'])).not.toThrow();
  });
});

describe('the guard (ID8)', () => {
  it('lets in whom the token names, and says so to the door', async () => {
    const { enter, token, user_id } = await world();
    const request = requestTo('users.me', `Bearer ${token}`);
    expect(await enter(request)).toBe(true);
    expect(callerOf(request)).toMatchObject({ user_id, name: 'Ada' });
  });

  it('asks where the route table says so', async () => {
    const { enter } = await world();
    await expect(enter(requestTo('users.me'))).rejects.toEqual(coded('auth.required'));
    await expect(enter(requestTo('users.me', 'Bearer x.y.z'))).rejects.toEqual(coded('auth.invalid_token'));
    expect(await enter(requestTo('auth.refresh'))).toBe(true);
    expect(await enter(requestTo('internal.callback'))).toBe(true);
  });

  it('asks at every door beside the table that is not marked open', async () => {
    const { enter } = await world();
    await expect(enter(requestTo(undefined))).rejects.toEqual(coded('auth.required'));
    expect(await enter(requestTo(undefined), Doors.prototype.open)).toBe(true);
  });

  it('does not open a route of the table because its door is marked open', async () => {
    const { enter } = await world();
    await expect(enter(requestTo('users.me'), Doors.prototype.open)).rejects.toEqual(coded('auth.required'));
  });

  it('is the only one who names a caller', () => {
    expect(() => callerOf(requestTo('users.me'))).toThrow(coded('auth.required'));
  });
});

describe('an Authorization header', () => {
  it('is a bearer token, however it is written', () => {
    expect(bearerToken('Bearer abc.d_e-f')).toBe('abc.d_e-f');
    expect(bearerToken(' bearer   abc= ')).toBe('abc=');
  });

  it.each([undefined, '', 'Basic dTpw', 'abc'])('%j is none', (header) => {
    expect(() => bearerToken(header)).toThrow(coded('auth.required'));
  });

  it.each(['Bearer', 'Bearer a b', 'Bearer a,b', 'Bearer é'])('%j is malformed', (header) => {
    expect(() => bearerToken(header)).toThrow(coded('auth.invalid_token'));
  });
});
