export type { MongoCompressor } from './connect';
export { type MongoKvOptions, type MongoStoreOptions, openMongoKv, openMongoStore } from './open-mongo-store';
