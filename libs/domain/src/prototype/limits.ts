/**
 * Bounds of prototypes, each with the unit in its name. They stand beside LIMITS and are shown with it; apart, because a
 * client's reducer needs none of them.
 */
export const PROTOTYPE_LIMITS = {
  /** Objects that one instance brings, its root and the members of a group included. */
  nodes_per_prototype: 500,
  /**
   * What an instance writes in its one transaction, about: `bytes_per_node` for each object, and twice what its nodes hold
   * (names, properties, galleries and models as CBOR), for that stands in the object and in the log.
   */
  bytes_per_instance: 990_000,
  bytes_per_node: 1_900,
  versions_per_prototype: 1_000,
  node_key_chars: 64,
  /** Unicode code points. */
  description_chars: 2_000,
  notes_chars: 4_000,
  tags_per_prototype: 16,
  /** Unicode code points. */
  tag_chars: 40,
  properties_per_schema: 128,
  values_per_enum: 100,
  schema_text_chars: 500,
  migrations_per_version: 128,
} as const;

export type PrototypeLimits = typeof PROTOTYPE_LIMITS;
