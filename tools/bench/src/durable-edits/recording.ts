/** One write as LMDB was asked for it; without a value: a removal. */
export interface Write {
  readonly key: Buffer;
  readonly value: Buffer | undefined;
}

const HEAD_BYTES = 7;

/**
 * The transactions that record-writes.cjs has noted. Of each the number of its writes (4 bytes, big-endian), then of each
 * write: 1 for a put or 0 for a removal (1 byte), lengths of key (2) and value (4), key, value.
 */
export function readRecording(bytes: Buffer): readonly (readonly Write[])[] {
  const transactions: Write[][] = [];
  for (let at = 0; at < bytes.length;) {
    const writes: Write[] = [];
    const count = bytes.readUInt32BE(at);
    at += 4;
    for (let index = 0; index < count; index += 1) {
      const keyAt = at + HEAD_BYTES;
      const valueAt = keyAt + bytes.readUInt16BE(at + 1);
      const end = valueAt + bytes.readUInt32BE(at + 3);
      const value = bytes[at] === 1 ? bytes.subarray(valueAt, end) : undefined;
      writes.push({ key: bytes.subarray(keyAt, valueAt), value });
      at = end;
    }
    transactions.push(writes);
  }
  return transactions;
}
