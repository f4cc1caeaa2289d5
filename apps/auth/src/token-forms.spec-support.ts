import { decoded, partsOf, pick, remade, rightly, type Mutation, SOMEBODY } from './token-forge.spec-support';

/** Parts that are missing, doubled, in another order, or of another form of JOSE. */
export const reshaped: Mutation = ({ token }, dice) => {
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
export const rewritten: Mutation = ({ token }, dice) => {
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

export const spaced: Mutation = (genuine, dice) => {
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

export const notUtf8: Mutation = (genuine, dice) => {
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

export const oversized: Mutation = (genuine, dice) => {
  const size = 4_000 + Math.floor(dice() * 8_000);
  return pick(dice, [
    () => genuine.token + 'A'.repeat(size),
    () => remade(genuine, { claims: { pad: 'x'.repeat(size) } }, rightly(genuine)),
    () => remade(genuine, { header: { pad: 'x'.repeat(size) } }, rightly(genuine)),
    () => 'A'.repeat(size),
    () => `${'.'.repeat(size)}${genuine.token}`,
  ])();
};

export const unicode: Mutation = ({ token }, dice) => {
  const at = Math.floor(dice() * token.length);
  // As bytes of UTF-8, the only form in which they can stand in a header.
  const odd = pick(dice, ['é', '\u200b', '．', '\u0661', '😀', '\u00a0', 'ａ', '\u2024', '\u00ad']);
  return token.slice(0, at) + Buffer.from(odd).toString('latin1') + token.slice(at + Math.floor(dice() * 2));
};

export const rubbish: Mutation = (_genuine, dice) =>
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
