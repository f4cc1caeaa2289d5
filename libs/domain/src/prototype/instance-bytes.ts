import { PROTOTYPE_LIMITS } from './limits';

/** About what an instance writes: what its nodes hold stands in the objects and in the log. */
export function instanceBytes(size: { readonly objects: number; readonly content_bytes: number }): number {
  return size.objects * PROTOTYPE_LIMITS.bytes_per_node + 2 * size.content_bytes;
}
