import { refuse } from '@state-server/domain';
import { decodeCbor, encodeCbor } from '../codec/cbor';
import { fail, fromRefusal, toEnvelope, toStateError, toSystemError } from './fail';
import { StateError } from './state-error';

describe('a StateError', () => {
  it('takes status and message from the table', () => {
    const error = fail('object.not_found', { id: 'x' });
    expect(error).toBeInstanceOf(StateError);
    expect(error).toMatchObject({
      code: 'object.not_found',
      status: 404,
      retryable: false,
      message: 'There is no such object.',
      details: { id: 'x' },
    });
  });

  it('keeps what the domain said about a refusal', () => {
    const refused = refuse('object.version_mismatch', 'version 3, not 2', { version: 3 });
    if (refused.ok) throw new Error('was not refused');
    expect(fromRefusal(refused.refusal)).toMatchObject({
      code: 'object.version_mismatch',
      status: 412,
      message: 'version 3, not 2',
      details: { version: 3 },
    });
  });

  it('becomes the envelope of REST', () => {
    expect(toEnvelope(fail('rate.limited'), 'r-1')).toEqual({
      error: {
        code: 'rate.limited',
        message: 'Too many requests: slow down.',
        request_id: 'r-1',
        retryable: true,
      },
    });
    expect(toEnvelope(fail('id.taken', { id: 'x' }, 'Taken.'), 'r-2').error.details).toEqual({ id: 'x' });
  });

  it('says nothing about what went wrong inside', () => {
    const inside = new Error('connect ECONNREFUSED 10.0.0.7: password hunter2');
    const seen = JSON.stringify([toEnvelope(inside, 'r-1'), toSystemError(inside)]);
    expect(seen).toContain('"code":"internal"');
    expect(seen).not.toContain('hunter2');
    expect(toStateError(inside).cause).toBe(inside);
  });

  it('becomes a frame that names the frame and the edit that it answers', () => {
    const error = fail('edit.out_of_order', { expected: 3 }, undefined, { retryAfterMs: 50 });
    const frame = toSystemError(error, { id: '7', brane_id: 'b', op_id: 'o' });
    expect(frame).toEqual({
      type: 'system.error',
      code: 'edit.out_of_order',
      message: 'An earlier edit of this session is missing: send again from there.',
      retryable: true,
      in_reply_to: '7',
      brane_id: 'b',
      op_id: 'o',
      retry_after_ms: 50,
      details: { expected: 3 },
    });
    expect(decodeCbor(encodeCbor(frame))).toEqual(frame);
    expect(toSystemError(fail('frame.malformed'), '9')).toMatchObject({ in_reply_to: '9' });
    expect(toSystemError(fail('frame.malformed'))).not.toHaveProperty('in_reply_to');
  });
});
