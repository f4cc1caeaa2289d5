import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Uniform in [0, 1), from a seed. */
export type Dice = () => number;

/** A genuine token and what its keys are, to make from it what must not pass. */
export interface Genuine {
  readonly token: string;
  /** PKCS #8 of the key that signed it: some tokens are wrong though they are signed rightly. */
  readonly pem: string;
}

type Json = Record<string, unknown>;
type Mutation = (genuine: Genuine, dice: Dice) => string;

const attacker = generateKeyPairSync('ed25519');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const pick = <T>(dice: Dice, items: readonly T[]): T => {
  return items[Math.floor(dice() * items.length)] as T;
};
const partsOf = (token: string): [string, string, string] => {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [header, claims, signature];
};
const decoded = (part: string): Json => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json;
const ed25519 =
  (key: KeyObject | string) =>
  (input: string): string =>
    sign(null, Buffer.from(input), key).toString('base64url');
const hmac =
  (secret: string | Buffer) =>
  (input: string): string =>
    createHmac('sha256', secret).update(input).digest('base64url');

/** The token with other headers and claims, signed by whatever `signer` is. */
function remade(
  { token }: Genuine,
  change: { header?: Json; claims?: Json },
  signer: (input: string) => string,
): string {
  const [header, claims] = partsOf(token);
  const input = `${encode({ ...decoded(header), ...change.header })}.${encode({ ...decoded(claims), ...change.claims })}`;
  return `${input}.${signer(input)}`;
}

const rightly = (genuine: Genuine): ((input: string) => string) => ed25519(genuine.pem);

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
const SOMEBODY = '11111111-1111-4111-8111-111111111111';

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

/** Parts that are missing, doubled, in another order, or of another form of JOSE. */
const reshaped: Mutation = ({ token }, dice) => {
  const [h, c, s] = partsOf(token);
  return pick(dice, [
    ...[
      h,
      `${h}.${c}`,
      `${h}.${c}.`,
      `.${c}.${s}`,
      `${h}..${s}`,
      '..',
      '.',
      `${token}.`,
      `.${token}`,
      `${token}.${s}`,
    ],
    ...[
      `${h}.${c}.${c}.${s}`,
      `${h}.${h}.${c}.${s}`,
      `${token}.${token}`,
      `${c}.${h}.${s}`,
      `${h}.${s}.${c}`,
    ],
    ...[
      `${h}.${c}.${s}${s}`,
      `${h}.${c}.${s.slice(0, 40)}`,
      `${h}.${c}.${s.slice(1)}`,
      `${h}.${h}.${h}`,
      token + token,
    ],
    ...[
      `${h}.${c}.${s}.${s}.${s}`,
      JSON.stringify({ protected: h, payload: c, signature: s }),
      Buffer.from(token).toString('base64'),
    ],
  ]);
};

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Other texts for the same bytes: a lenient decoder would take each of them for the token itself. */
const rewritten: Mutation = ({ token }, dice) => {
  const parts = partsOf(token);
  const [h, c, s] = parts;
  const last = ALPHABET.indexOf(s.slice(-1));
  // 64 bytes leave four bits over in the last character.
  const twin = ALPHABET[(last & ~15) | ((last + 1 + Math.floor(dice() * 15)) & 15)] ?? '';
  const padded = (part: string): string => part + '='.repeat((4 - (part.length % 4)) % 4 || 4);
  const at = 1 + Math.floor(dice() * (token.length - 2));
  const index = Math.floor(dice() * 3);
  const classic = (part: string): string => part.replaceAll('-', '+').replaceAll('_', '/');
  const isChanged = classic(token) !== token;
  return pick(dice, [
    ...[
      `${h}.${c}.${s.slice(0, -1)}${twin}`,
      `${h}.${c}.${padded(s)}`,
      parts.map((p, i) => (i === index ? `${p}=` : p)).join('.'),
    ],
    ...[
      isChanged ? classic(token) : `${token}=`,
      `${token.slice(0, at)} ${token.slice(at)}`,
      `${token.slice(0, at)}\t${token.slice(at)}`,
    ],
    ...[
      `${token.slice(0, at)}%2e${token.slice(at)}`,
      `${h}.${c}.${s}A`,
      `${h}A.${c}.${s}`,
      `${h}.${c}A.${s}`,
      `${token}~`,
    ],
  ]);
};

const spaced: Mutation = (genuine, dice) => {
  const [header, claims] = partsOf(genuine.token);
  const h = JSON.stringify(decoded(header));
  const c = JSON.stringify(decoded(claims));
  const twice = pick(dice, [
    [h.replace('{', '{"alg":"none",'), c],
    [h, c.replace('{', `{"sub":"${SOMEBODY}",`)],
    [`[${h}]`, c],
    [h, `[${c}]`],
    [h, `"${SOMEBODY}"`],
    ['null', c],
    [h, 'null'],
    [h, ''],
    ['', c],
    [h.slice(0, -1), c],
    [h, c.slice(0, -1)],
    [`\ufeff${h}`, c],
    [h, `${c}{}`],
    [h, c.replace('{', '{"__proto__":{"a":1},')],
  ]);
  const input = twice.map((text) => Buffer.from(text).toString('base64url')).join('.');
  return `${input}.${rightly(genuine)(input)}`;
};

const notUtf8: Mutation = (genuine, dice) => {
  const [header, claims] = partsOf(genuine.token);
  const bytes = Buffer.from(claims, 'base64url');
  const at = bytes.indexOf('"name":"') + 8;
  const odd = pick(dice, [
    Buffer.of(0xff),
    Buffer.of(0xc0, 0x80),
    Buffer.of(0xed, 0xa0, 0x80),
    Buffer.of(0xe2, 0x28),
  ]);
  const input = `${header}.${Buffer.concat([bytes.subarray(0, at), odd, bytes.subarray(at)]).toString('base64url')}`;
  return `${input}.${rightly(genuine)(input)}`;
};

const oversized: Mutation = (genuine, dice) => {
  const size = 4_000 + Math.floor(dice() * 8_000);
  return pick(dice, [
    () => genuine.token + 'A'.repeat(size),
    () => remade(genuine, { claims: { pad: 'x'.repeat(size) } }, rightly(genuine)),
    () => remade(genuine, { header: { pad: 'x'.repeat(size) } }, rightly(genuine)),
    () => 'A'.repeat(size),
    () => `${'.'.repeat(size)}${genuine.token}`,
  ])();
};

const unicode: Mutation = ({ token }, dice) => {
  const at = Math.floor(dice() * token.length);
  // As bytes of UTF-8, the only form in which they can stand in a header.
  const odd = pick(dice, ['é', '\u200b', '．', '\u0661', '😀', '\u00a0', 'ａ', '\u2024', '\u00ad']);
  return token.slice(0, at) + Buffer.from(odd).toString('latin1') + token.slice(at + Math.floor(dice() * 2));
};

const rubbish: Mutation = (_genuine, dice) =>
  pick(dice, [
    '',
    'null',
    'undefined',
    '[object Object]',
    '{}',
    'a.b.c',
    'Bearer',
    '0',
    '-',
    '*',
    '=',
    '=.=.=',
  ] as const);

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  header: flipped(0),
  claims: flipped(1),
  signature: flipped(2),
  ...{ kid, broughtAlong, none, otherAlgorithm, confusion, wrongType, wrongClaims, anotherKey, reshaped },
  ...{ rewritten, spaced, notUtf8, oversized, unicode, rubbish },
};
