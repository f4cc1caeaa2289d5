import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { isUuid } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import { decodeCursor, encodeCursor, page } from './cursor';
import { canonicalText, derivedUuid, requestFingerprint } from './fingerprint';
import { idempotencyKeyOf } from './idempotency-key';
import { underIfMatch, wantedVersions } from './if-match';
import type { RestRequest } from './read-request';

const coded = (code: string): Error => {
  const matcher: unknown = expect.objectContaining({ code });
  return matcher as Error;
};

describe('the fingerprint of a request', () => {
  it('is the same for the same meaning, whatever the order of keys and the form of numbers (I5)', () => {
    const asJson = { b: [1, 2.5], a: { x: 1 }, t: [1, 0] };
    const asCbor = { a: { x: 1n, y: undefined }, t: Float32Array.of(1, 0), b: [1, 2.5] };
    expect(requestFingerprint('POST', '/object', asCbor)).toBe(requestFingerprint('POST', '/object', asJson));
  });

  it('differs with method, path and any field (I5)', () => {
    const prints = [
      requestFingerprint('POST', '/object', { a: 1 }),
      requestFingerprint('PUT', '/object', { a: 1 }),
      requestFingerprint('POST', '/objects', { a: 1 }),
      requestFingerprint('POST', '/object', { a: 2 }),
      requestFingerprint('POST', '/object', { a: '1' }),
      requestFingerprint('POST', '/object', { a: new Uint8Array([1]) }),
      requestFingerprint('POST', '/object', undefined),
    ];
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('is equal for equal JSON values, and for no others', () => {
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    const nearby = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom(0, 1, '1', null, [], {}));
    fc.assert(
      fc.property(fc.oneof(nearby, fc.jsonValue()), fc.oneof(nearby, fc.jsonValue()), (a, b) => {
        expect(canonicalText(a) === canonicalText(b)).toBe(isDeepStrictEqual(plain(a), plain(b)));
      }),
    );
  });
});

describe('a derived id', () => {
  it('is a UUID v4 in form, the same for the same parts and another for another user or key', () => {
    const id = derivedUuid('op', 'user', 'key');
    expect(isUuid(id)).toBe(true);
    expect(derivedUuid('op', 'user', 'key')).toBe(id);
    expect(derivedUuid('op', 'user', 'key2')).not.toBe(id);
    expect(derivedUuid('op', 'userk', 'ey')).not.toBe(id);
    expect(derivedUuid('brane', 'user', 'key')).not.toBe(id);
  });
});

const request = (headers: RestRequest['headers']): RestRequest => ({
  id: 'r',
  method: 'POST',
  url: '/object',
  params: {},
  query: {},
  body: {},
  headers,
});

describe('the Idempotency-Key header', () => {
  const read = (key: string | undefined, idempotency: 'required' | 'honoured' | 'none'): string | undefined =>
    idempotencyKeyOf({ idempotency }, request(key === undefined ? {} : { 'idempotency-key': key }));

  it('is taken bare or quoted', () => {
    expect(read('abc', 'required')).toBe('abc');
    expect(read('"abc"', 'required')).toBe('abc');
    expect(read('x'.repeat(255), 'honoured')).toHaveLength(255);
  });

  it('is required where the route says so, and read nowhere else', () => {
    expect(() => read(undefined, 'required')).toThrow(coded('idempotency.key_required'));
    expect(read(undefined, 'honoured')).toBeUndefined();
    expect(read('', 'none')).toBeUndefined();
  });

  it.each(['', '""', '"open', 'é', 'x'.repeat(256)])('is refused as %j', (header) => {
    expect(() => read(header, 'honoured')).toThrow(coded('idempotency.key_invalid'));
  });
});

describe('If-Match', () => {
  const read = (header: string | undefined, ifVersion?: number): readonly number[] | undefined =>
    wantedVersions(request(header === undefined ? {} : { 'if-match': header }), ifVersion);

  it('ties a write to versions, or to none', () => {
    expect(read(undefined)).toBeUndefined();
    expect(read('*')).toBeUndefined();
    expect(read('"3"')).toEqual([3]);
    expect(read('"1", "3"')).toEqual([1, 3]);
  });

  it('and if_version in the body must both hold', () => {
    expect(read(undefined, 3)).toEqual([3]);
    expect(read('*', 3)).toEqual([3]);
    expect(read('"1", "3"', 3)).toEqual([3]);
    expect(read('"1"', 3)).toEqual([]);
  });

  it.each(['W/"3"', '3', '"v3"', ''])('matches nothing as %j', (header) => {
    expect(read(header)).toEqual([]);
  });

  it('names the error after what the client sent', async () => {
    const work = (): Promise<never> => Promise.reject(fail('object.version_mismatch', { version: 4 }));
    await expect(underIfMatch(request({}), work)).rejects.toEqual(coded('object.version_mismatch'));
    await expect(underIfMatch(request({ 'if-match': '"3"' }), work)).rejects.toEqual(
      coded('precondition.failed'),
    );
  });
});

describe('a cursor', () => {
  it('leads back to its key', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.maxSafeInteger())), (key) => {
        expect(decodeCursor('list', key.length, encodeCursor('list', key))).toEqual(key);
      }),
    );
    expect(decodeCursor('list', 1, undefined)).toBeUndefined();
  });

  it('is refused when it is not from this list', () => {
    const refuse = (cursor: string, parts = 1): void =>
      expect(() => decodeCursor('list', parts, cursor)).toThrow(coded('cursor.invalid'));
    refuse(encodeCursor('other', ['a']));
    refuse(encodeCursor('list', ['a']), 2);
    refuse('%%%');
    refuse('');
    refuse(Buffer.from('["list",{}]').toString('base64url'));
    refuse(Buffer.from('["list",1.5]').toString('base64url'));
    refuse('A'.repeat(2_000));
  });

  it('is given only when there is more', () => {
    expect(page([1, 2, 3], 2, String)).toEqual({ items: [1, 2], next_cursor: '2' });
    expect(page([1, 2], 2, String)).toEqual({ items: [1, 2], next_cursor: null });
    expect(page([], 2, String)).toEqual({ items: [], next_cursor: null });
  });
});
