import { asEpoch } from '@state-server/domain';
import { formatStateSeq, parseIdempotencyKey, parseIfMatch, parseStateSeq, toETag } from './headers';

it('reads back the ETag that it made', () => {
  expect(parseIfMatch(toETag(7))).toEqual([7]);
  expect(parseIfMatch('"1", "22"')).toEqual([1, 22]);
  expect(parseIfMatch(' * ')).toBe('any');
});

it('knows no version in an ETag that is weak or of others', () => {
  for (const header of ['W/"7"', '7', '"x"', '"0"', '', '"99999999999999999999"']) {
    expect(parseIfMatch(header)).toBeUndefined();
  }
});

it('carries a log position in State-Seq (R7)', () => {
  const position = { epoch: asEpoch('a:b'), seq: 42 };
  expect(parseStateSeq(formatStateSeq(position))).toEqual(position);
  for (const header of ['', '42', 'e:', 'e:-1', 'e:1.5', `${'e'.repeat(65)}:1`]) {
    expect(parseStateSeq(header)).toBeUndefined();
  }
});

it('takes an Idempotency-Key bare or quoted, up to 255 characters', () => {
  expect(parseIdempotencyKey('abc-1')).toBe('abc-1');
  expect(parseIdempotencyKey('"abc-1"')).toBe('abc-1');
  expect(parseIdempotencyKey('k'.repeat(255))).toBe('k'.repeat(255));
  for (const header of ['', '""', 'a b', '"a', 'k'.repeat(256), 'ключ', 'a\u0000b']) {
    expect(parseIdempotencyKey(header)).toBeUndefined();
  }
});
