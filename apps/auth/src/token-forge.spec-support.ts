import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** Uniform in [0, 1), from a seed. */
export type Dice = () => number;

/** A genuine token and what its keys are, to make from it what must not pass. */
export interface Genuine {
  readonly token: string;
  /** PKCS #8 of the key that signed it: some tokens are wrong though they are signed rightly. */
  readonly pem: string;
}

export type Json = Record<string, unknown>;
export type Mutation = (genuine: Genuine, dice: Dice) => string;

export const attacker = generateKeyPairSync('ed25519');
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
export const pick = <T>(dice: Dice, items: readonly T[]): T => {
  return items[Math.floor(dice() * items.length)] as T;
};
export const partsOf = (token: string): [string, string, string] => {
  const [header = '', claims = '', signature = ''] = token.split('.');
  return [header, claims, signature];
};
export const decoded = (part: string): Json => JSON.parse(Buffer.from(part, 'base64url').toString()) as Json;
export const ed25519 =
  (key: KeyObject | string) =>
  (input: string): string =>
    sign(null, Buffer.from(input), key).toString('base64url');
export const hmac =
  (secret: string | Buffer) =>
  (input: string): string =>
    createHmac('sha256', secret).update(input).digest('base64url');

/** The token with other headers and claims, signed by whatever `signer` is. */
export function remade(
  { token }: Genuine,
  change: { header?: Json; claims?: Json },
  signer: (input: string) => string,
): string {
  const [header, claims] = partsOf(token);
  const input = `${encode({ ...decoded(header), ...change.header })}.${encode({ ...decoded(claims), ...change.claims })}`;
  return `${input}.${signer(input)}`;
}

export const rightly = (genuine: Genuine): ((input: string) => string) => ed25519(genuine.pem);

export const SOMEBODY = '11111111-1111-4111-8111-111111111111';
