import { calculateJwkThumbprint } from 'jose';
import { generateKeyPairSync } from 'node:crypto';
import {
  formatKeySet,
  type KeySet,
  newPrivateKey,
  parseKeySet,
  publicPartOf,
  rotateKeySet,
  type RotateOptions,
  signingKeyOf,
  stateOf,
} from './key-set';

const MINUTE = 60_000;
const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const options = (now: number): RotateOptions => ({ now, leadMs: 5 * MINUTE, drainMs: 30 * MINUTE });
const EMPTY: KeySet = { keys: [] };

function begun(set: KeySet, now: number, change: Partial<RotateOptions> = {}): KeySet {
  const outcome = rotateKeySet(set, { ...options(now), ...change });
  if (outcome.kind !== 'begun') throw new Error(outcome.kind);
  return outcome.set;
}
const statesAt = (set: KeySet, now: number): string[] => set.keys.map((key) => stateOf(set, key, now));

describe('a rotation of the key set (KEY-2)', () => {
  it('publishes the new key first, lets it sign then, and the one before verify until its tokens have died', () => {
    const first = begun(EMPTY, NOW);
    expect(statesAt(first, NOW)).toEqual(['signing']);
    const set = begun(first, NOW);
    const [next, before] = set.keys;
    const at = (minutes: number): string[] => statesAt(set, NOW + minutes * MINUTE);
    expect([at(0), at(4.9), at(5), at(34.9), at(35)]).toEqual([
      ...[
        ['next', 'signing'],
        ['next', 'signing'],
      ],
      ...[
        ['signing', 'retired'],
        ['signing', 'retired'],
      ],
      ['signing', 'dead'],
    ]);
    expect(before?.kid).toBe(first.keys[0]?.kid);
    expect(signingKeyOf(set, NOW + 5 * MINUTE)?.kid).toBe(next?.kid);
  });

  it('is one rotation however often it is asked for, until the new key signs', () => {
    const set = begun(begun(EMPTY, NOW), NOW);
    for (const minutes of [0, 1, 4.9]) {
      expect(rotateKeySet(set, options(NOW + minutes * MINUTE))).toMatchObject({
        kind: 'under_way',
        key: { kid: set.keys[0]?.kid },
      });
    }
    expect(begun(set, NOW + 6 * MINUTE).keys).toHaveLength(3);
  });

  it('leaves out what is dead, and never lengthens the time of what is retired', () => {
    const first = begun(begun(EMPTY, NOW), NOW);
    const retiring = first.keys[1]?.verifies_until;
    const second = begun(first, NOW + 10 * MINUTE);
    expect(second.keys[2]?.verifies_until).toBe(retiring);
    expect(begun(second, NOW + 60 * MINUTE).keys).toHaveLength(2);
  });

  it('takes leaked keys out at once', () => {
    const set = begun(begun(begun(EMPTY, NOW), NOW), NOW, { compromised: true });
    expect(statesAt(set, NOW)).toEqual(['signing']);
  });
});

describe('a key set as text (KEY-1)', () => {
  it('is what was written, by the names that everybody gives to the keys', async () => {
    const set = begun(begun(EMPTY, NOW), NOW);
    expect(parseKeySet(formatKeySet(set))).toEqual(set);
    for (const key of set.keys) {
      const x = publicPartOf(key.private_key);
      expect(key.kid).toBe(await calculateJwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x }));
    }
  });

  it('may be PEM as before: the first signs, the others verify for as long as they stand there', () => {
    const set = parseKeySet(`${newPrivateKey()}\n${newPrivateKey()}`);
    expect(statesAt(set, NOW)).toEqual(['signing', 'retired']);
    expect(statesAt(begun(set, NOW), NOW + 6 * MINUTE)).toEqual(['signing', 'retired', 'retired']);
  });

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  it.each([
    ['nothing', '', /no PKCS #8/],
    ['broken JSON', '{"keys":hunter2', /neither JSON nor PEM/],
    ['another document', '{"hunter2":[]}', /no key set/],
    ['no keys', '{"keys":[]}', /without keys/],
    ['a key that is none', '{"keys":[{"private_key":"hunter2"}]}', /cannot be read/],
    ['a key of another kind', rsa.export({ type: 'pkcs8', format: 'pem' }).toString(), /not Ed25519/],
    ['no times', JSON.stringify({ keys: [{ private_key: newPrivateKey() }] }), /without published_at/],
    [
      'a foreign name',
      JSON.stringify({ keys: [{ private_key: newPrivateKey(), kid: 'hunter2' }] }),
      /not that of its key/,
    ],
  ])('is refused with %s, and not repeated', (_what, text, words) => {
    const parse = (): unknown => parseKeySet(text);
    expect(parse).toThrow(words);
    expect(parse).not.toThrow(/hunter2/);
  });
});
