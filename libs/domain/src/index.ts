export * from './entities';
export * from './environment';
export * from './ids';
export * from './ops';
export * from './refusal';
export * from './scene-reader';
