/** Why bytes or text are refused before anything is made of them. */
export type DecodeReason =
  | 'empty'
  | 'truncated'
  | 'trailing_bytes'
  | 'too_deep'
  | 'too_many_items'
  | 'reserved'
  | 'indefinite_length'
  | 'wide_length'
  | 'bignum'
  | 'unknown_tag'
  | 'typed_array'
  | 'integer_too_large'
  | 'simple_value'
  | 'undefined_value'
  | 'key_not_text'
  | 'duplicate_key'
  | 'forbidden_key'
  | 'bad_text'
  | 'bad_json'
  | 'number_not_finite'
  | 'bad_integer'
  | 'bad_bytes';

/** Neutral: the door decides whether it is `body.malformed` or `frame.malformed`. */
export class DecodeError extends Error {
  constructor(
    readonly reason: DecodeReason,
    message: string,
    /** Where in the bytes (or characters). */
    readonly offset?: number,
  ) {
    super(offset === undefined ? message : `${message} (at ${offset})`);
    this.name = 'DecodeError';
  }
}

export interface DecodeOptions {
  /**
   * `safe` (what clients may send): integers beyond ±(2^53 − 1) are refused. `int64` (what the server sends): they come
   * out as bigint.
   */
  readonly integers?: 'safe' | 'int64';
  /** Maps, arrays, keys and scalars together; default 200,000. */
  readonly maxItems?: number;
  /** Maps and arrays within each other; default 32. */
  readonly maxDepth?: number;
}

export const DEFAULT_MAX_DEPTH = 32;
export const DEFAULT_MAX_ITEMS = 200_000;

/** For what this server wrote: answers read by the SDK, frames read back from the log or the bus. */
export const FROM_SERVER: DecodeOptions = { integers: 'int64', maxItems: Number.POSITIVE_INFINITY };
