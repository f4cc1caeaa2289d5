import { AsyncLocalStorage } from 'node:async_hooks';
import { formatTraceparent, type TraceContext } from './trace-context';

/** What every log line and outgoing call of one request carries. */
export interface RequestContext {
  readonly request_id: string;
  readonly trace: TraceContext;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Of work that is done before its caller goes on; see `runNow`. */
let here: RequestContext | undefined;

/**
 * For work that follows no promise: what comes after one of its own has no context. It costs nothing, while the first
 * `runInContext` of a process makes Node look at each of its promises.
 */
export function runNow<T>(context: RequestContext, work: () => T): T {
  const before = here;
  here = context;
  try {
    return work();
  } finally {
    here = before;
  }
}

export function runInContext<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work);
}

/** The request that is being worked on; undefined outside of one. */
export function currentContext(): RequestContext | undefined {
  return here ?? storage.getStore();
}

/** Headers for a call to another service, so that its lines can be found with ours; empty outside of a request. */
export function outgoingHeaders(): Readonly<Record<string, string>> {
  const context = currentContext();
  if (!context) return {};
  const { request_id, trace } = context;
  return {
    'x-request-id': request_id,
    traceparent: formatTraceparent(trace),
    ...(trace.tracestate === undefined ? {} : { tracestate: trace.tracestate }),
  };
}
