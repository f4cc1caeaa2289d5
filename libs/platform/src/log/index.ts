export * from './logger';
export { redact } from './redact';
export { currentContext, outgoingHeaders, type RequestContext, runInContext } from './request-context';
export { continueTrace, formatTraceparent, type TraceContext } from './trace-context';
export { hideSecret } from './known-secrets';
