export * from './client-frames';
export * from './encode-frame';
export * from './parse-client-frame';
export { parseServerFrame, reviveObject } from './parse-server-frame';
export * from './server-frames';
