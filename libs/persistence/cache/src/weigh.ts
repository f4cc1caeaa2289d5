/** Of an object or array itself, and of each of its slots: about what V8 takes. */
const CONTAINER_BYTES = 56;
const SLOT_BYTES = 12;

/** About what a value takes in memory, bytes: for bounds, not for accounts. */
export function weigh(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return 16 + value.length * 2;
    case 'object':
      return value === null ? 0 : weighObject(value);
    case 'bigint':
      return 24;
    default:
      return 8;
  }
}

function weighObject(value: object): number {
  if (ArrayBuffer.isView(value)) return 104 + value.byteLength;
  let bytes = CONTAINER_BYTES;
  for (const part of Object.values(value)) bytes += SLOT_BYTES + weigh(part);
  return bytes;
}

/** Nobody may change what many are given. Bytes and numbers of a typed array cannot be frozen. */
export function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || Object.isFrozen(value)) {
    return value;
  }
  Object.freeze(value);
  Object.values(value).forEach(freeze);
  return value;
}
