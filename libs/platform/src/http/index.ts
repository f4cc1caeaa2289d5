export { addressOf, formatOf, routeOf } from './wire-request';
export { decodeBody } from './read-body';
export { toHttpError } from './http-error';
export { sendError } from './send-error';
export { type HttpParts, type HttpService, PortBusyError, startHttpService } from './start-http-service';
export { type PlainGuards, type PlainRead, registerPlainReads } from './plain-reads';
export { type Client, clientAddress } from './client-address';
