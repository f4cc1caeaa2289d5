import { StateError } from '../errors/state-error';
import { parseServerFrame } from './parse-server-frame';

const ID = '0b8f1f2e-0f0e-4c5e-8d1a-9d8f3d6a7b10';
const IDENTITY = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
const ops = { type: 'brane.ops', brane_id: ID, epoch: 'e', seq: 1, op_id: ID, actor: ID, at: '', ops: [] };
const snapshot = { type: 'brane.snapshot', brane_id: ID, epoch: 'e', seq: 1, part: 0, objects: [] };

function codeOf(input: unknown): string {
  try {
    return `taken: ${parseServerFrame(input).type}`;
  } catch (error) {
    if (error instanceof StateError) return error.code;
    throw error;
  }
}

describe('a frame of the server', () => {
  it('has its transforms as Float32Array, whatever the format was', () => {
    const frame = parseServerFrame({
      ...ops,
      ops: [
        { op: 'transform', id: ID, transform: IDENTITY, version: 2 },
        { op: 'create', object: { id: ID, transform: IDENTITY } },
        { op: 'delete', id: ID, version: 3 },
      ],
    });
    expect(frame).toMatchObject({
      ops: [
        { transform: new Float32Array(IDENTITY) },
        { object: { transform: new Float32Array(IDENTITY) } },
        { op: 'delete' },
      ],
    });
    expect(parseServerFrame({ ...snapshot, objects: [{ id: ID, transform: IDENTITY }] })).toMatchObject({
      objects: [{ transform: new Float32Array(IDENTITY) }],
    });
  });

  it('is not copied where nothing is to change', () => {
    const frame = {
      ...ops,
      ops: [{ op: 'transform', id: ID, transform: new Float32Array(IDENTITY), version: 2 }],
    };
    expect(parseServerFrame(frame)).toBe(frame);
  });

  it('may have fields that this client does not know', () => {
    expect(parseServerFrame({ type: 'brane.role', brane_id: ID, role: 'viewer', since: 'x' })).toEqual({
      type: 'brane.role',
      brane_id: ID,
      role: 'viewer',
    });
    expect(codeOf({ ...ops, trace_id: 'x' })).toBe('taken: brane.ops');
  });

  it('is told apart when its type is not known: a newer server, the client ignores it', () => {
    expect(codeOf({ type: 'weather.changed' })).toBe('frame.unknown_type');
    expect(codeOf({ type: 'constructor' })).toBe('frame.unknown_type');
  });

  it.each([
    ['null', null],
    ['a map without type', {}],
    ['brane.ops without seq', { ...ops, seq: undefined }],
    ['brane.ops whose ops are no list', { ...ops, ops: {} }],
    ['brane.snapshot without part', { ...snapshot, part: undefined }],
    ['brane.ack without op_id', { type: 'brane.ack', brane_id: ID, epoch: 'e', seq: 1 }],
    ['a role that there is not', { type: 'brane.role', brane_id: ID, role: 'king' }],
  ])('is invalid: %s', (_what, input) => {
    expect(codeOf(input)).toBe('frame.invalid');
  });
});
