import { createPublicKey, sign } from 'node:crypto';
import {
  attacker,
  ed25519,
  hmac,
  partsOf,
  pick,
  remade,
  rightly,
  rsa,
  type Json,
  type Mutation,
  SOMEBODY,
} from './token-forge.spec-support';
import {
  reshaped,
  rewritten,
  spaced,
  notUtf8,
  oversized,
  unicode,
  rubbish,
} from './token-forms.spec-support';

/** Another bit somewhere in one of the parts. */
const flipped =
  (index: 0 | 1 | 2): Mutation =>
  ({ token }, dice) => {
    const parts = partsOf(token);
    const bytes = Buffer.from(parts[index], 'base64url');
    const at = Math.floor(dice() * bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << Math.floor(dice() * 8));
    parts[index] = bytes.toString('base64url');
    return parts.join('.');
  };

const KIDS: readonly unknown[] = [
  ...['../../../../etc/passwd', '/dev/null', '..\\..\\windows\\win.ini', 'file:///proc/self/environ'],
  ...[
    "' OR '1'='1",
    '"; DROP TABLE keys; --',
    '$(id)',
    '`id`',
    '| id',
    '%00',
    '\u0000',
    '__proto__',
    'constructor',
  ],
  ...[
    'https://evil.test/key',
    '',
    ' ',
    'k'.repeat(500),
    '\ud83d\udd11',
    'ключ',
    null,
    0,
    true,
    [],
    {},
    ['a'],
  ],
];
const kid: Mutation = (genuine, dice) => {
  const signer = pick(dice, [ed25519(attacker.privateKey), hmac(''), hmac('\u0000'), rightly(genuine)]);
  return remade(genuine, { header: { kid: pick(dice, KIDS) } }, signer);
};

const jwk = { ...attacker.publicKey.export({ format: 'jwk' }), kid: 'mine', alg: 'EdDSA', use: 'sig' };
const BROUGHT: readonly Json[] = [
  ...[
    { jku: 'https://evil.test/jwks.json' },
    { x5u: 'https://evil.test/chain.pem' },
    { jwk },
    { x5c: ['MIIB'] },
  ],
  ...[
    { crit: ['exp'] },
    { crit: [] },
    { crit: ['b64'], b64: false },
    { b64: false },
    { zip: 'DEF' },
    { enc: 'A256GCM' },
  ],
  ...[{ 'x5t#S256': 'x' }, { cty: 'JWT' }, { jku: 'http://127.0.0.1:1/' }, { jwk: null }, { alg2: 'none' }],
];
const broughtAlong: Mutation = (genuine, dice) => {
  const header = { ...pick(dice, BROUGHT), ...(dice() < 0.5 ? { kid: 'mine' } : {}) };
  return remade(genuine, { header }, pick(dice, [ed25519(attacker.privateKey), rightly(genuine)]));
};

const NONE = [
  'none',
  'None',
  'NONE',
  'nOnE',
  'nonE',
  ' none',
  'none ',
  'none\u0000',
  '',
  'null',
  null,
  0,
  false,
  [],
];
const none: Mutation = (genuine, dice) => {
  const [, , signature] = partsOf(genuine.token);
  const signer = pick(dice, [() => '', () => 'AA', () => signature, rightly(genuine)]);
  return remade(
    genuine,
    { header: { alg: pick(dice, NONE) }, claims: pick(dice, [{}, { sub: SOMEBODY }]) },
    signer,
  );
};

const ALGORITHMS = [
  ...[
    'RS256',
    'ES256',
    'PS512',
    'HS384',
    'HS512',
    'EdDSA ',
    'eddsa',
    'EDDSA',
    'Ed25519',
    'Ed448',
    'ES256K',
    'RSA-OAEP',
    'dir',
  ],
];
const otherAlgorithm: Mutation = (genuine, dice) =>
  remade(genuine, { header: { alg: pick(dice, ALGORITHMS) } }, pick(dice, [rightly(genuine), hmac('x')]));

/** The public key, in every form that somebody might read as a secret, and secrets that anybody would try. */
const confusion: Mutation = (genuine, dice) => {
  const key = createPublicKey(genuine.pem);
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const own = key.export({ format: 'jwk' });
  const secrets = [
    ...[
      pem,
      pem.trim(),
      pem.replaceAll('\n', ''),
      pem.replaceAll('\n', '\r\n'),
      JSON.stringify(own),
      own.x ?? '',
    ],
    ...[key.export({ type: 'spki', format: 'der' }), Buffer.from(own.x ?? '', 'base64url')],
    ...['', 'secret', 'JWT_SECRET', 'undefined', 'null', '\u0000'],
  ];
  const header: Json = { alg: 'HS256', typ: pick(dice, ['at+jwt', 'JWT']) };
  if (dice() < 0.3) header['kid'] = undefined;
  return remade(genuine, { header }, hmac(pick(dice, secrets)));
};

const TYPES = [
  'JWT',
  'jwt',
  'id+jwt',
  'at+jwt2',
  ' at+jwt',
  'at+jwt ',
  'rt+jwt',
  'secevent+jwt',
  '',
  null,
  1,
  {},
  ['at+jwt'],
];
const wrongType: Mutation = (genuine, dice) =>
  remade(genuine, { header: { typ: pick(dice, [undefined, ...TYPES]) } }, rightly(genuine));

const CLAIMS: readonly Json[] = [
  ...[{ iss: 'https://evil.test' }, { iss: null }, { iss: undefined }, { iss: ['http://127.0.0.1:4000'] }],
  ...[{ aud: 'billing' }, { aud: undefined }, { aud: [] }, { aud: { a: 1 } }, { exp: undefined }, { exp: 1 }],
  ...[
    { exp: 'soon' },
    { exp: null },
    { nbf: 9e9 },
    { nbf: 'x' },
    { iat: undefined },
    { iat: 'x' },
    { sub: 'admin' },
  ],
  ...[
    { sub: undefined },
    { sub: null },
    { sub: ['x'] },
    { sub: SOMEBODY.toUpperCase() + 'A' },
    { sid: undefined },
  ],
  ...[{ sid: 'x' }, { jti: undefined }, { jti: 5 }, { exp: -1 }, { sub: '' }, { sub: `${SOMEBODY}\u0000` }],
];
const wrongClaims: Mutation = (genuine, dice) =>
  remade(genuine, { claims: pick(dice, CLAIMS) }, rightly(genuine));

const anotherKey: Mutation = (genuine, dice) => {
  const byRsa = (input: string): string =>
    sign('sha256', Buffer.from(input), rsa.privateKey).toString('base64url');
  return pick(dice, [
    () => remade(genuine, { claims: { sub: SOMEBODY } }, ed25519(attacker.privateKey)),
    () => remade(genuine, {}, ed25519(attacker.privateKey)),
    () => remade(genuine, { header: { alg: 'RS256' } }, byRsa),
    () => remade(genuine, { claims: { sub: SOMEBODY } }, () => partsOf(genuine.token)[2]),
    () => remade(genuine, { claims: { name: 'Eve' } }, () => partsOf(genuine.token)[2]),
  ])();
};

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  header: flipped(0),
  claims: flipped(1),
  signature: flipped(2),
  ...{ kid, broughtAlong, none, otherAlgorithm, confusion, wrongType, wrongClaims, anotherKey, reshaped },
  ...{ rewritten, spaced, notUtf8, oversized, unicode, rubbish },
};
