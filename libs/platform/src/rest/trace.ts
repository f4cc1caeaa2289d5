import { currentContext } from '../log/request-context';

/** The trace of the request that is being worked on, for the log entry that it leads to; empty outside of one. */
export function traceFields(): { readonly trace_id?: string } {
  const context = currentContext();
  return context ? { trace_id: context.trace.trace_id } : {};
}
