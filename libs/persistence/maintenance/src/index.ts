export { gatedStore } from './gated-store';
export {
  type CloseOptions,
  closeToWriters,
  openToWriters,
  READ_ONLY_KEY,
  type ReadOnlyFlag,
  readOnlyFlag,
  WRITER_LIFETIME_MS,
} from './read-only-mode';
export { type ReadOnlyWatch, watchReadOnly } from './read-only-watch';
export { type CopyProgress, copyProgress } from './copy-progress';
export { type CopyEvent, type CopyOptions, type CopyReport, copyStore } from './copy-store';
export { type CollectionDigest, digestCollection, digestOf } from './digest';
