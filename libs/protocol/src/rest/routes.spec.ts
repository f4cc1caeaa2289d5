import { parseWith } from '../schema/parse';
import { errorsOf } from './errors-of';
import { PAGE } from './page';
import { type LimitClass, limitClassOf, type Route } from './route';
import { ROUTES } from './routes';

const ID = '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b10';
const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
/** Of parameters that are no ids. */
const SAMPLES: Readonly<Record<string, string>> = { version: '1', provider: 'google', kind: 'ban' };
const routes = Object.entries<Route>(ROUTES);

describe('the route table', () => {
  it.each(routes)('%s is named by its key and has what its method needs', (key, route) => {
    expect(route.id).toBe(key);
    expect(route.request === undefined || route.method !== 'GET').toBe(true);
    expect(route.response.schema === undefined).toBe([204, 303].includes(route.response.status));
  });

  it('has each method and path once', () => {
    const addresses = routes.map(([, { method, path }]) => `${method} ${path}`);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it('describes exactly the parameters that stand in the path', () => {
    for (const [key, { path, params }] of routes) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
      const values = Object.fromEntries(names.map((name) => [name, SAMPLES[name] ?? ID]));
      if (params === undefined) expect([key, names]).toEqual([key, []]);
      else expect(Object.keys(parseWith(params, values, 'query.invalid') as object)).toEqual(names);
    }
  });

  it('requires an Idempotency-Key for every change under /object, /prototype and /users (I5)', () => {
    for (const [key, { area, method, idempotency }] of routes) {
      if (method === 'GET') expect([key, idempotency]).toEqual([key, 'none']);
      else if (area === 'object' || area === 'prototype' || area === 'users')
        expect([key, idempotency]).toEqual([key, 'required']);
      // The token of a share link is told once and kept nowhere: a second answer could not tell it.
      else if (area === 'brane' && !key.startsWith('links.'))
        expect([key, idempotency]).toEqual([key, 'honoured']);
    }
  });

  it('has each route limited as what it does (LIMIT-3)', () => {
    const of = (name: LimitClass): string[] =>
      routes.filter(([, route]) => limitClassOf(route) === name).map(([key]) => key);
    for (const [key, route] of routes) {
      const name = limitClassOf(route);
      if (name === 'none') expect(['health', 'internal']).toContain(route.area);
      if (name === 'auth') expect([key, route.area]).toEqual([key, 'auth']);
      if (name === 'read') expect([key, route.method]).toEqual([key, 'GET']);
    }
    expect(of('heavy')).toEqual(expect.arrayContaining(['brane.snapshot', 'brane.fork', 'brane.restore']));
    expect(of('search')).toEqual(expect.arrayContaining(['brane.list', 'entity.space', 'prototype.list']));
    expect(of('upload')).toContain('prototype.publish');
    expect(of('write')).toEqual(expect.arrayContaining(['brane.edit', 'object.create']));
  });

  it('knows the errors that come with the parts of a route', () => {
    expect(errorsOf(ROUTES['health.live'])).toEqual([]);
    expect(errorsOf(ROUTES['object.update'])).toEqual(
      expect.arrayContaining([
        'auth.required',
        'body.invalid',
        'query.invalid',
        'idempotency.key_required',
        'idempotency.key_reused',
        'precondition.failed',
        'object.version_mismatch',
        'internal',
      ]),
    );
  });
});

describe('requests', () => {
  it('have unknown fields refused', () => {
    expect(() =>
      parseWith(ROUTES['brane.create'].request, { name: 'Town', color: 'red' }, 'body.invalid'),
    ).toThrow('It has unknown fields: color.');
  });

  it('make a brane private unless told otherwise', () => {
    expect(parseWith(ROUTES['brane.create'].request, { name: 'Town' }, 'body.invalid')).toEqual({
      name: 'Town',
      visibility: 'private',
    });
  });

  it('change something or are refused', () => {
    expect(() => parseWith(ROUTES['brane.update'].request, {}, 'body.invalid')).toThrow(
      'must set name, visibility, settings or archived',
    );
    expect(() => parseWith(ROUTES['object.update'].request, { if_version: 1 }, 'body.invalid')).toThrow(
      'must have set, unset or transform',
    );
  });

  it('name an object to be made with its brane', () => {
    const body = { brane_id: ID, parent_id: ID, kind: 'group', transform: IDENTITY, properties: {} };
    expect(parseWith(ROUTES['object.create'].request, body, 'body.invalid')).toEqual({
      ...body,
      transform: new Float32Array(IDENTITY),
    });
    expect(() =>
      parseWith(
        ROUTES['object.create'].request,
        { ...body, transform: IDENTITY.with(0, 1e39) },
        'body.invalid',
      ),
    ).toThrow('/transform must consist of numbers that are finite as float32');
  });

  it('page with a limit and a cursor', () => {
    const query = ROUTES['brane.list'].query;
    expect(parseWith(query, {}, 'query.invalid')).toEqual({ limit: PAGE.default });
    expect(parseWith(query, { limit: '200', cursor: 'c' }, 'query.invalid')).toEqual({
      limit: 200,
      cursor: 'c',
    });
    for (const limit of ['0', '201', '1.5', '-1', ' 5', '1e2', '', 'x']) {
      expect(() => parseWith(query, { limit }, 'query.invalid')).toThrow('/limit');
    }
    expect(() => parseWith(query, { page: '2' }, 'query.invalid')).toThrow('It has unknown fields: page.');
  });

  it('read history after a seq', () => {
    expect(parseWith(ROUTES['brane.history'].query, { after: '0' }, 'query.invalid')).toEqual({
      after: 0,
      limit: PAGE.default,
      order: 'asc',
    });
  });
});
