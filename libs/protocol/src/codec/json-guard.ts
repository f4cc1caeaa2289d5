import { DEFAULT_MAX_DEPTH, DEFAULT_MAX_ITEMS, DecodeError, type DecodeOptions } from './decode-error';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

const NUMBER = /-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
/** Numbers shorter than this are safe integers or finite decimals without a closer look, unless they have an exponent. */
const SHORT_NUMBER = 16;

export interface InspectedJson {
  /** True when a key `$int` or `$bytes` occurs. */
  readonly tagged: boolean;
}

/**
 * One linear pass over text that JSON.parse has taken already (so its grammar is right): depth, items, duplicate and
 * `__proto__` keys, numbers that a double would silently change.
 */
export function inspectJson(text: string, options: DecodeOptions = {}): InspectedJson {
  const guard = new JsonGuard(text, options);
  guard.run();
  return { tagged: guard.tagged };
}

class JsonGuard {
  tagged = false;
  private at = 0;
  private itemsLeft: number;
  private readonly maxDepth: number;
  /** The keys of each open map; null for an open array. */
  private readonly open: (Set<string> | null)[] = [];
  private keyIsNext = false;

  constructor(
    private readonly text: string,
    options: DecodeOptions,
  ) {
    this.maxDepth = options.maxDepth ?? DEFAULT_MAX_DEPTH;
    this.itemsLeft = options.maxItems ?? DEFAULT_MAX_ITEMS;
  }

  run(): void {
    while (this.at < this.text.length) this.token(this.text.charCodeAt(this.at));
  }

  private token(code: number): void {
    if (code === QUOTE) {
      this.string();
      return;
    }
    if (code === MINUS || (code >= ZERO && code <= NINE)) {
      this.number();
      return;
    }
    this.at += 1;
    if (code === OPEN_MAP) this.enter(new Set());
    else if (code === OPEN_ARRAY) this.enter(null);
    else if (code === CLOSE_MAP || code === CLOSE_ARRAY) this.leave();
    else if (code === COMMA) this.keyIsNext = this.innermost() !== null;
    // What is left is white space, ':' and the letters of true, false and null.
  }

  private enter(keys: Set<string> | null): void {
    this.count();
    this.open.push(keys);
    if (this.open.length > this.maxDepth) throw this.error('too_deep', 'nested too deeply');
    this.keyIsNext = keys !== null;
  }

  private leave(): void {
    this.open.pop();
    this.keyIsNext = false;
  }

  private innermost(): Set<string> | null {
    return this.open[this.open.length - 1] ?? null;
  }

  private string(): void {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (this.isEscaped(end)) end = this.text.indexOf('"', end + 1);
    this.at = end + 1;
    this.count();
    if (this.keyIsNext) this.key(start, end);
    this.keyIsNext = false;
  }

  /** An odd number of backslashes stands before it. */
  private isEscaped(quote: number): boolean {
    let backslashes = 0;
    while (this.text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    return backslashes % 2 === 1;
  }

  private key(start: number, end: number): void {
    const raw = this.text.slice(start + 1, end);
    const key = raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
    const keys = this.innermost();
    if (keys === null) return;
    if (key === '__proto__') throw this.error('forbidden_key', '"__proto__" is not taken as a key', start);
    if (keys.has(key)) throw this.error('duplicate_key', 'a map names a key twice', start);
    keys.add(key);
    if (key === '$int' || key === '$bytes') this.tagged = true;
  }

  private number(): void {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    const literal = match?.[0] ?? '';
    const start = this.at;
    this.at += Math.max(1, literal.length);
    this.count();
    const hasExponent = match?.[2] !== undefined;
    if (literal.length < SHORT_NUMBER && !hasExponent) return;
    const value = Number(literal);
    if (!Number.isFinite(value))
      throw this.error('number_not_finite', 'a number too large for a double', start);
    const isInteger = match?.[1] === undefined && !hasExponent;
    // Written as a double writes it, a large integer is taken for that double; any other would silently change.
    if (isInteger && !Number.isSafeInteger(value) && String(value) !== literal) {
      throw this.error('integer_too_large', 'an integer that a double cannot hold', start);
    }
  }

  private count(): void {
    if (--this.itemsLeft < 0) throw this.error('too_many_items', 'too many items');
  }

  private error(reason: DecodeError['reason'], message: string, offset = this.at): DecodeError {
    return new DecodeError(reason, message, offset);
  }
}
