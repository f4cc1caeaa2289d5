import type { ClientOp } from '@state-server/domain';
import { encodeCbor } from '../codec/cbor';
import { encodeJson } from '../codec/json';
import type { ErrorCode } from '../errors/error-table';
import { StateError } from '../errors/state-error';
import type { BraneEditFrame } from './client-frames';
import { decodeFrame, fromDecodeError, parseClientFrame, readClientFrame } from './parse-client-frame';

const ID = '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b10';
const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const hello = { type: 'session.hello', client: { name: 'test', version: '1.0.0', protocol: 1 } };
const edit = (...ops: readonly unknown[]) => ({
  type: 'brane.edit',
  brane_id: ID,
  op_id: ID,
  client_seq: 1,
  ops,
});
const create = (object: object) => edit({ op: 'create', object: { parent_id: ID, ...object } });

function refusalOf(attempt: () => unknown): { code: ErrorCode; message: string; details: unknown } {
  try {
    attempt();
  } catch (error) {
    if (error instanceof StateError)
      return { code: error.code, message: error.message, details: error.details };
    throw error;
  }
  throw new Error('was not refused');
}

describe('a frame of a client', () => {
  it('comes out typed as the domain knows it', () => {
    const frame = parseClientFrame(edit({ op: 'transform', id: ID, transform: IDENTITY, if_version: 2 }));
    const { ops } = frame as BraneEditFrame;
    const typed: readonly ClientOp[] = ops;
    expect(typed).toEqual([
      { op: 'transform', id: ID, transform: new Float32Array(IDENTITY), if_version: 2 },
    ]);
  });

  it('is the same from CBOR and JSON, transforms rounded to float32 (S5)', () => {
    const transform = IDENTITY.with(12, 0.1);
    const frame = edit({ op: 'transform', id: ID, transform });
    const expected = edit({ op: 'transform', id: ID, transform: Float32Array.from(transform) });
    expect(readClientFrame(encodeCbor(frame))).toEqual(expected);
    expect(readClientFrame(encodeCbor(expected))).toEqual(expected);
    expect(readClientFrame(encodeJson(frame))).toEqual(expected);
  });

  it.each<[string, unknown, ErrorCode, string]>([
    ['no map', 5, 'frame.invalid', 'A frame is a map with a text field "type".'],
    ['a map without a type', { brane_id: ID }, 'frame.invalid', 'A frame is a map with a text field "type".'],
    ['an unknown type', { type: 'brane.explode' }, 'frame.unknown_type', 'There is no frame of this type.'],
    ['a type of every object', { type: 'toString' }, 'frame.unknown_type', 'There is no frame of this type.'],
    ['a missing field', { type: 'brane.leave' }, 'frame.invalid', '/brane_id is missing.'],
    [
      'an unknown field',
      { type: 'brane.leave', brane_id: ID, force: true },
      'frame.invalid',
      'It has unknown fields: force.',
    ],
    [
      'an id in capitals',
      { type: 'brane.leave', brane_id: ID.toUpperCase() },
      'frame.invalid',
      '/brane_id must be a UUID v4 in lower case.',
    ],
    [
      'an id of another version',
      { type: 'brane.leave', brane_id: '0b8f1f2e-0f0e-1c5e-8d1a-9d8f3d6a7b10' },
      'frame.invalid',
      '/brane_id must be a UUID v4 in lower case.',
    ],
    ['a client_seq of 0', { ...edit(), client_seq: 0 }, 'frame.invalid', '/client_seq must be at least 1.'],
    [
      'a client_seq of 1.5',
      { ...edit(), client_seq: 1.5 },
      'frame.invalid',
      '/client_seq must be an integer.',
    ],
    [
      'an unknown op',
      edit({ op: 'explode' }),
      'frame.invalid',
      '/ops/0/op must be one of "create", "update", "transform", "move", "delete", "instantiate", "upgrade".',
    ],
    [
      'a pointer that is none',
      edit({ op: 'update', id: ID, set: { name: 'x' } }),
      'frame.invalid',
      '/ops/0/set/name must start with "/".',
    ],
    [
      'NaN as a property',
      edit({ op: 'update', id: ID, set: { '/properties/a': Number.NaN } }),
      'frame.invalid',
      '/ops/0/set/~1properties~1a must be null, a boolean, a finite number',
    ],
    [
      'a typed array as a property',
      create({ kind: 'block', properties: { a: new Float32Array(2) } }),
      'frame.invalid',
      '/ops/0/object/properties must be a map',
    ],
    [
      'a property that could not travel in JSON',
      create({ kind: 'block', properties: { a: { $int: '5' } } }),
      'frame.invalid',
      '/ops/0/object/properties must be a map',
    ],
    [
      'a property that could not once another is gone',
      create({ kind: 'block', properties: { a: { $bytes: 'x', b: 1 } } }),
      'frame.invalid',
      '/ops/0/object/properties must be a map',
    ],
    [
      'children of a block',
      create({ kind: 'block', gallery: {} }),
      'frame.invalid',
      'has unknown fields: gallery',
    ],
    [
      'a model of a group',
      create({ kind: 'group', model: null }),
      'frame.invalid',
      'has unknown fields: model',
    ],
    [
      'a version that only the server gives',
      create({ kind: 'block', version: 7 }),
      'frame.invalid',
      '/ops/0/object has unknown fields: version.',
    ],
    [
      'a transform of 15 numbers',
      edit({ op: 'transform', id: ID, transform: IDENTITY.slice(1) }),
      'frame.invalid',
      '/ops/0/transform must be 16 numbers, column-major.',
    ],
    [
      'a transform with text in it',
      edit({ op: 'transform', id: ID, transform: IDENTITY.map(String) }),
      'frame.invalid',
      '/ops/0/transform must be 16 numbers, column-major.',
    ],
    [
      'a transform with NaN (S5)',
      edit({ op: 'transform', id: ID, transform: new Float32Array(16).fill(Number.NaN) }),
      'transform.not_finite',
      '/ops/0/transform must consist of numbers that are finite as float32.',
    ],
    [
      'a transform that is infinite as float32 (S5)',
      edit({ op: 'transform', id: ID, transform: IDENTITY.with(12, 1e39) }),
      'transform.not_finite',
      '/ops/0/transform must consist of numbers that are finite as float32.',
    ],
    ['hello without a token', hello, 'frame.invalid', 'It must be {token or ticket, client'],
    [
      'hello with both',
      { ...hello, token: 'a', ticket: 'b' },
      'frame.invalid',
      'It must be {token or ticket, client',
    ],
    ['hello of nobody', { ...hello, token: 'a', client: {} }, 'frame.invalid', '/client/name is missing.'],
    [
      'too many pending op ids',
      { type: 'brane.join', brane_id: ID, pending: Array(1001).fill(ID) },
      'frame.invalid',
      '/pending must be at most 1000 elements long.',
    ],
    [
      'presence that is no map',
      { type: 'presence.set', brane_id: ID, state: [1] },
      'frame.invalid',
      '/state must be a map',
    ],
  ])('is refused: %s', (_what, input, code, message) => {
    const refusal = refusalOf(() => parseClientFrame(input));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
  });

  it('names every problem with its path', () => {
    const { details } = refusalOf(() =>
      parseClientFrame({
        ...edit({ op: 'delete', id: 'x' }, { op: 'move', id: ID, parent_id: 5 }),
        op_id: null,
      }),
    );
    expect(details).toEqual({
      problems: ['/op_id', '/ops/0/id', '/ops/1/parent_id'].map((path) => ({
        path,
        problem: 'must be a UUID v4 in lower case',
      })),
    });
  });

  it('is refused as malformed with the reason when it cannot be decoded', () => {
    expect(refusalOf(() => readClientFrame(new Uint8Array([0xc2, 0x41, 0x01])))).toEqual({
      code: 'frame.malformed',
      message: 'Not well-formed: bignums are not taken (at 0).',
      details: { reason: 'bignum' },
    });
    expect(refusalOf(() => decodeFrame('{"a": 1, "a": 2}')).details).toEqual({ reason: 'duplicate_key' });
  });

  it('leaves errors alone that are no decode errors', () => {
    const other = new RangeError('out of memory');
    expect(() => fromDecodeError(other, 'body.malformed')).toThrow(other);
  });

  it('never carries an integer beyond 2^53, in either format (S5)', () => {
    const frame = create({ kind: 'block', properties: { big: 2n ** 60n } });
    expect(refusalOf(() => readClientFrame(encodeCbor(frame))).details).toEqual({
      reason: 'integer_too_large',
    });
    expect(refusalOf(() => readClientFrame(encodeJson(frame))).details).toEqual({
      reason: 'integer_too_large',
    });
  });
});
