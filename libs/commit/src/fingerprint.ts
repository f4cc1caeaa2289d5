/**
 * Fingerprints of requests (SYNC I1): a 128-bit hash over a canonical walk, so that the same edit sent as CBOR or as JSON,
 * with its keys in whatever order, has the same one. It tells a client's own mistakes apart and guards nothing against
 * an attacker (who could only collide with himself): four seeded lanes of MurmurHash3 (public domain) do.
 */
class Lanes {
  private a = 0x9368_e53c;
  private b = 0x586d_cd20;
  private c = 0x8f14_5ab1;
  private d = 0x1b87_3593;
  private length = 0;

  word(word: number): void {
    this.a = step(this.a, word);
    this.b = step(this.b, word);
    this.c = step(this.c, word);
    this.d = step(this.d, word);
    this.length += 1;
  }

  text(text: string): void {
    const even = text.length & ~1;
    this.word(text.length);
    for (let i = 0; i < even; i += 2) this.word((text.charCodeAt(i) << 16) | text.charCodeAt(i + 1));
    if (text.length !== even) this.word(text.charCodeAt(even));
  }

  finish(): [number, number, number, number] {
    const { a, b, c, d, length } = this;
    const sum = (a + b + c + d) | 0;
    return [
      finalMix(a ^ length),
      finalMix(b ^ length ^ sum),
      finalMix(c ^ length ^ (sum << 1)),
      finalMix(d ^ length ^ (sum << 2)),
    ];
  }
}

function step(lane: number, word: number): number {
  let k = Math.imul(word, 0xcc9e_2d51);
  k = (k << 15) | (k >>> 17);
  let h = lane ^ Math.imul(k, 0x1b87_3593);
  h = (h << 13) | (h >>> 19);
  return (Math.imul(h, 5) + 0xe654_6b64) | 0;
}

function finalMix(lane: number): number {
  let h = lane ^ (lane >>> 16);
  h = Math.imul(h, 0x85eb_ca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** What kind of value follows, so that `"1"`, `1` and `[1]` differ. */
const enum Tag {
  Nothing = 1,
  False,
  True,
  Number,
  BigInt,
  Text,
  Bytes,
  List,
  Map,
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

function walk(lanes: Lanes, value: unknown): void {
  switch (typeof value) {
    case 'string':
      lanes.word(Tag.Text);
      return lanes.text(value);
    case 'number':
      return walkNumber(lanes, value);
    case 'bigint':
      // Equal by value, whichever type carried it (SYNC S5).
      if (BigInt.asIntN(54, value) === value && Number.isSafeInteger(Number(value)))
        return walkNumber(lanes, Number(value));
      lanes.word(Tag.BigInt);
      return lanes.text(value.toString(36));
    case 'boolean':
      return lanes.word(value ? Tag.True : Tag.False);
    case 'object':
      return value === null ? lanes.word(Tag.Nothing) : walkObject(lanes, value);
    default:
      return lanes.word(Tag.Nothing);
  }
}

function walkNumber(lanes: Lanes, value: number): void {
  lanes.word(Tag.Number);
  // −0 and 0 are the same number.
  float[0] = value === 0 ? 0 : value;
  lanes.word(words[0] ?? 0);
  lanes.word(words[1] ?? 0);
}

function walkObject(lanes: Lanes, value: object): void {
  if (value instanceof Float32Array) {
    lanes.word(Tag.List);
    lanes.word(value.length);
    for (let index = 0; index < value.length; index += 1) walkNumber(lanes, value[index] ?? 0);
  } else if (value instanceof Uint8Array) {
    lanes.word(Tag.Bytes);
    lanes.word(value.length);
    for (let index = 0; index < value.length; index += 1) lanes.word(value[index] ?? 0);
  } else if (Array.isArray(value)) {
    lanes.word(Tag.List);
    lanes.word(value.length);
    for (const item of value as readonly unknown[]) walk(lanes, item);
  } else {
    walkMap(lanes, value as Readonly<Record<string, unknown>>);
  }
}

function walkMap(lanes: Lanes, map: Readonly<Record<string, unknown>>): void {
  const keys = sorted(Object.keys(map));
  let fields = 0;
  for (const key of keys) if (map[key] !== undefined) fields += 1;
  lanes.word(Tag.Map);
  lanes.word(fields);
  for (const key of keys) {
    const field = map[key];
    if (field === undefined) continue;
    lanes.text(key);
    walk(lanes, field);
  }
}

/** Up to so many keys are put in order by insertion: the sort of the platform allocates for each call. */
const FEW_KEYS = 12;

function sorted(keys: string[]): readonly string[] {
  if (keys.length > FEW_KEYS) return keys.sort();
  for (let end = 1; end < keys.length; end += 1) {
    const key = keys[end] ?? '';
    let at = end;
    for (let before = keys[at - 1]; before !== undefined && before > key; before = keys[at - 1]) {
      keys[at] = before;
      at -= 1;
    }
    keys[at] = key;
  }
  return keys;
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, '0');
}

function hash(value: unknown): string {
  const lanes = new Lanes();
  walk(lanes, value);
  const [a, b, c, d] = lanes.finish();
  return hex(a) + hex(b) + hex(c) + hex(d);
}

/** 32 hex digits; the same for values that are equal on the wire. */
export function fingerprint(value: unknown): string {
  return hash(value);
}

/** A UUID v4 by its form, always the same for the same value: lets a retry find what its first try has made. */
export function derivedUuid(value: unknown): string {
  const digits = hash(value);
  const variant = ((Number.parseInt(digits.charAt(16), 16) & 3) | 8).toString(16);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}
