/** Deep equality of stored documents: plain objects whatever the order of their fields, arrays, bytes and typed arrays. */
export function sameData(one: unknown, other: unknown): boolean {
  if (Object.is(one, other) || one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (ArrayBuffer.isView(one) || ArrayBuffer.isView(other)) return sameBytes(one, other);
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false;
    return one.every((value, place) => sameData(value, other[place]));
  }
  const [left, right] = [definedFields(one), definedFields(other)];
  if (left.length !== right.length) return false;
  const values = new Map(right);
  return left.every(([name, value]) => values.has(name) && sameData(value, values.get(name)));
}

/** A field that is there without a value is as good as none: it is not stored. */
function definedFields(record: object): [string, unknown][] {
  return Object.entries(record).filter(([, value]) => value !== undefined);
}

function sameBytes(one: object, other: object): boolean {
  if (!ArrayBuffer.isView(one) || !ArrayBuffer.isView(other)) return false;
  if (one.constructor !== other.constructor || one.byteLength !== other.byteLength) return false;
  const left = new Uint8Array(one.buffer, one.byteOffset, one.byteLength);
  const right = new Uint8Array(other.buffer, other.byteOffset, other.byteLength);
  return left.every((byte, place) => byte === right[place]);
}
