export * from './client-frames';
export * from './encode-frame';
export * from './parse-client-frame';
export { parseServerFrame, reviveObject } from './parse-server-frame';
export { SERVER_FRAMES } from './server-brane-frames';
export * from './server-frames';
