/**
 * For drivers that keep records and their indexes in a form of their own: how records are taken apart and put together.
 * Everything else sees only keys and values.
 */
export { chunkKey, describeKey, joinChunks, openHead, sealIndexEntry, type OpenedHead } from './envelope';
export { AFTER_ALL, endOfParts } from './key';
export {
  indexKeysOfDocument,
  type KeySpace,
  type Layout,
  layoutOf,
  primaryKey,
  primaryOfIndexKey,
} from './layout';
export { decodePayload } from './payload';
