import { formOfType, negotiate } from './negotiate';
import { KnownPaths, routeAt } from './route-table';

describe('Accept', () => {
  it.each([
    ['application/cbor', undefined, 'cbor'],
    ['application/json', 'cbor', 'json'],
    ['application/json, application/cbor', undefined, 'cbor'],
    ['application/json;q=0.9, application/cbor;q=0.8', undefined, 'json'],
    ['application/cbor;q=0, */*', 'cbor', 'json'],
    ['application/json, */*', undefined, 'json'],
    ['application/*', 'cbor', 'cbor'],
    ['*/*', 'cbor', 'cbor'],
    ['*/*', undefined, 'json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', undefined, 'json'],
    [undefined, 'json', 'json'],
    ['', 'cbor', 'cbor'],
    ['APPLICATION/CBOR', undefined, 'cbor'],
  ] as const)('%j of who sends %j is answered as %j', (accept, sent, expected) => {
    expect(negotiate(accept, sent)).toBe(expected);
  });

  it.each(['text/html', 'image/*', 'application/cbor;q=0', '*/*;q=0', 'application/json;q=x'])(
    '%j cannot be met',
    (accept) => {
      expect(negotiate(accept, 'json')).toBeUndefined();
    },
  );
});

describe('Content-Type', () => {
  it.each([
    ['application/cbor', 'cbor'],
    ['Application/JSON; charset=UTF-8', 'json'],
    ['application/json; charset="utf-8"', 'json'],
    ['application/json; charset=latin1', undefined],
    ['application/json-patch+json', undefined],
    ['text/plain', undefined],
    [undefined, undefined],
  ])('%j means %j', (type, form) => {
    expect(formOfType(type)).toBe(form);
  });
});

describe('the route table', () => {
  it('is found by method and pattern, HEAD as GET', () => {
    expect(routeAt('GET', '/brane/:id')?.id).toBe('brane.get');
    expect(routeAt('HEAD', '/brane/:id')?.id).toBe('brane.get');
    expect(routeAt('PUT', '/brane/:id/members/:user_id')?.id).toBe('members.put');
    expect(routeAt('PUT', '/brane/:id')).toBeUndefined();
  });

  it('tells which methods a path would take', () => {
    const paths = new KnownPaths();
    paths.add({ method: ['GET', 'HEAD'], url: '/a/:id' });
    paths.add({ method: 'POST', url: '/a/:id' });
    paths.add({ method: 'PUT', url: '/a/b' });
    paths.add({ method: 'GET', url: '/files/*' });
    expect(paths.methodsAt('/a/1')).toEqual(['GET', 'HEAD', 'POST']);
    expect(paths.methodsAt('/a/b')).toEqual(['GET', 'HEAD', 'POST', 'PUT']);
    expect(paths.methodsAt('/files/x/y')).toEqual(['GET']);
    expect(paths.methodsAt('/a')).toEqual([]);
    expect(paths.methodsAt('/a/1/2')).toEqual([]);
    expect(paths.methodsAt('/a/')).toEqual([]);
  });
});
