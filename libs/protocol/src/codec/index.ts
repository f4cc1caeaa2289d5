export * from './cbor';
export { DecodeError, type DecodeOptions, type DecodeReason, FROM_SERVER } from './decode-error';
export * from './json';
