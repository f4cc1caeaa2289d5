export * from './fake-environment';
export * from './random';
export * from './recording-socket';
export * from './until';
export * from './world-builder';
export * from './redis-server';
export * from './dev-system';
