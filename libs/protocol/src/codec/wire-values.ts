const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const SURROGATE = /\p{Surrogate}/u;

/** True when the text has no lone surrogate, so that it has a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !SURROGATE.test(text);
}

/** An integer as a number where one holds it exactly (SYNC S5); TypeError beyond 64 bits. */
export function toInteger(value: bigint): number | bigint {
  if (value < INT64_MIN || value > INT64_MAX) throw cannotEncode('an integer beyond 64 bits');
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** An object literal of whichever realm, or one without a prototype. */
export function isPlainMap(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What is to be encoded is our own, so this is a mistake of the program, not of a client. */
export function cannotEncode(what: string): TypeError {
  return new TypeError(`${what} cannot be encoded`);
}
