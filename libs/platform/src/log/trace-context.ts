import { randomFillSync } from 'node:crypto';

/** W3C Trace Context (https://www.w3.org/TR/trace-context/): where one request stands in its trace. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly trace_id: string;
  /** 16 hex digits: this service's own step. */
  readonly span_id: string;
  readonly sampled: boolean;
  readonly tracestate?: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const ZEROS = /^0+$/;
const MAX_TRACESTATE_CHARS = 512;

/** Goes on with the caller's trace, or begins one where there is none that is well-formed. */
export function continueTrace(traceparent: string | undefined, tracestate?: string): TraceContext {
  const span_id = randomHex(8);
  const [, version, trace_id, parent, flags, rest] = TRACEPARENT.exec(traceparent ?? '') ?? [];
  const known =
    trace_id !== undefined &&
    version !== 'ff' &&
    !ZEROS.test(trace_id) &&
    !ZEROS.test(parent ?? '') &&
    (version !== '00' || rest === undefined);
  if (!known) return { trace_id: randomHex(16), span_id, sampled: true };
  const sampled = (Number.parseInt(flags ?? '00', 16) & 1) === 1;
  return tracestate === undefined || tracestate === '' || tracestate.length > MAX_TRACESTATE_CHARS
    ? { trace_id, span_id, sampled }
    : { trace_id, span_id, sampled, tracestate };
}

export function formatTraceparent({ trace_id, span_id, sampled }: TraceContext): string {
  return `00-${trace_id}-${span_id}-${sampled ? '01' : '00'}`;
}

/** Drawn from the system many at a time: each call of it costs as much as all the rest of a trace. */
const pool = Buffer.alloc(4_096);
let drawn = pool.length;

function randomHex(bytes: number): string {
  if (drawn + bytes > pool.length) {
    randomFillSync(pool);
    drawn = 0;
  }
  drawn += bytes;
  return pool.toString('hex', drawn - bytes, drawn);
}
