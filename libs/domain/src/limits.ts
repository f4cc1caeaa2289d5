/**
 * Every bound that a client can run into, with the unit in its name; sent as it is in `session.welcome`. Checked when an
 * edit is resolved, never when a logged op is applied: lowering one must not make an old log unreadable.
 */
export const LIMITS = {
  /** Records in one brane, marked ones included until they are reaped. */
  objects_per_brane: 1_000_000,
  members_per_brane: 1_000,
  /** Levels of the tree, the root being the first. */
  depth_levels: 32,
  /** Live children of one group; marked ones may be as many again until they are reaped. */
  children_per_group: 10_000,
  /** Unicode code points. */
  name_chars: 200,
  /** Size of `properties` as CBOR. */
  property_bytes_per_object: 32_768,
  /** Maps and lists within each other, `properties` itself being the first. */
  property_depth_levels: 16,
  property_key_chars: 128,
  previews_per_model: 16,
  gallery_entries_per_group: 200,
  pointers_per_update: 64,
  pointer_chars: 1_024,
  ops_per_edit: 500,
  /** Size of an edit's ops as CBOR. */
  bytes_per_edit: 65_536,
  /** Length of an order key; longer ones make the server re-spread the siblings (SYNC S6). */
  order_chars: 64,
  /** Siblings whose order keys one edit may re-spread at one place (SYNC S6). */
  reordered_objects_per_op: 512,
  /** Descendants that a transform or move looks at and re-keys at once (SYNC S2, S5). */
  rekeyed_objects_per_op: 1_000,
  /** Objects that move into another brane in one transaction (SYNC U3). */
  moved_objects_between_branes: 400,
  /**
   * Objects that an op may look at to find out whether it is allowed at all: how deep a group goes that moves further down,
   * whether a group that is to be deleted again was changed meanwhile.
   */
  walked_objects_per_op: 20_000,
} as const;

export type Limits = typeof LIMITS;
