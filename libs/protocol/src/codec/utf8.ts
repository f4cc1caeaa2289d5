/**
 * Offset of the first byte in [from, to) that is not valid UTF-8 (overlong forms, surrogates and code points above
 * U+10FFFF included), or −1.
 */
export function utf8ErrorAt(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      at += 1;
      continue;
    }
    const width = sequenceWidth(lead, bytes[at + 1] ?? 0);
    if (width === 0 || at + width > to) return at;
    for (let i = 1; i < width; i++) {
      if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return at;
    }
    at += width;
  }
  return -1;
}

/** Table 3-7 of the Unicode standard: what the second byte may be depends on the first. 0: not a sequence. */
function sequenceWidth(lead: number, second: number): number {
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) {
    if (lead === 0xe0 && second < 0xa0) return 0;
    if (lead === 0xed && second > 0x9f) return 0;
    return 3;
  }
  if (lead > 0xf4) return 0;
  if (lead === 0xf0 && second < 0x90) return 0;
  if (lead === 0xf4 && second > 0x8f) return 0;
  return 4;
}
