import { createHash } from 'node:crypto';

/**
 * One text for one meaning: the same decoded value gives the same text whether it came as CBOR or as JSON. Map keys are
 * sorted, absent and undefined fields are the same, numbers are equal by value (a bigint too), typed arrays are arrays.
 */
export function canonicalText(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Object.is(value, -0) ? '0' : String(value);
  if (typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `b"${Buffer.from(value).toString('base64')}"`;
  if (value instanceof Float32Array || Array.isArray(value)) {
    return `[${Array.from(value as ArrayLike<unknown>, canonicalText).join(',')}]`;
  }
  if (typeof value === 'object') {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalText(field)}`);
    return `{${fields.join(',')}}`;
  }
  throw new TypeError(`a decoded body holds no ${typeof value}`);
}

/** What an Idempotency-Key stands for: method, path and decoded body (SYNC I5). Hex. */
export function requestFingerprint(method: string, path: string, body: unknown): string {
  return createHash('sha256')
    .update(`${method} ${path}\n${canonicalText(body)}`)
    .digest('hex');
}

/** A UUID v4 in form that is always the same for the same parts, and another for other parts or another purpose. */
export function derivedUuid(purpose: string, ...parts: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([purpose, ...parts]))
    .digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x40;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
