import type { Group, ModelRef, Transform, ValueMap } from '../entities';
import type { PrototypeId, UserId } from '../ids';
import type { Migration } from './migrate';
import type { PropertySchema } from './property-schema';

/** `single`: a tree of nodes of its own; `group`: a group that holds instances of other prototypes (PrototypeGroup). */
export type PrototypeKind = 'single' | 'group';

/** What is true of a prototype whatever the version; decides who may see and use it. */
export interface PrototypeFacts {
  readonly id: PrototypeId;
  readonly owner_id: UserId;
  readonly kind: PrototypeKind;
  readonly is_public: boolean;
  readonly is_deprecated: boolean;
  readonly is_deleted: boolean;
  /** Absent until the first version is published. */
  readonly latest_version?: number;
}

interface NodeBase {
  /** Names the node in every version: by it an upgrade finds what has become of it. */
  readonly key: string;
  /** Key of another node that stands before it; null for the first node, the root. */
  readonly parent: string | null;
  /** Fractional index among the nodes of the same parent. */
  readonly order: string;
  readonly name: string;
  /** Local to the parent. */
  readonly transform: Transform;
  readonly properties: ValueMap;
}

export interface GroupNode extends NodeBase {
  readonly kind: 'group';
  readonly gallery: Group['gallery'];
}

export interface BlockNode extends NodeBase {
  readonly kind: 'block';
  readonly model: ModelRef | null;
}

/** One object of a version. */
export type PrototypeNode = GroupNode | BlockNode;

/** A place in a prototype group: an instance of another prototype, a single one. */
export interface PrototypeMember {
  readonly key: string;
  readonly prototype_id: PrototypeId;
  readonly version: number;
  readonly order: string;
  /** Of the instance's root; without it, that of the member's own root. */
  readonly name?: string;
  readonly transform: Transform;
  /** Replace those of the member's root, name by name. */
  readonly properties: ValueMap;
}

/** What a version is made of; parents stand before their children. A group has its root alone, and members. */
export interface PrototypeTree {
  readonly nodes: readonly PrototypeNode[];
  readonly members: readonly PrototypeMember[];
}

/** What an upgrade and the check of properties need of a version besides its tree. Immutable. */
export interface PrototypeVersion {
  readonly version: number;
  /** Objects that an instance has, those of members included. */
  readonly objects: number;
  /** Levels of the tree, the root being the first. */
  readonly levels: number;
  /** What the nodes hold, as CBOR: see `instanceBytes`. */
  readonly content_bytes: number;
  /** Of the instance's root; without it any properties go. */
  readonly schema?: PropertySchema;
  /** From the version before. */
  readonly migrations: readonly Migration[];
}

/** What the rules read of prototypes. Like a SceneReader it may throw a signal of its own when something is not loaded. */
export interface PrototypeReader {
  /** To be called for new instances and upgrades alone: what it answers is guarded in the transaction. */
  facts(id: PrototypeId): PrototypeFacts | undefined;
  version(id: PrototypeId, version: number): PrototypeVersion | undefined;
  tree(id: PrototypeId, version: number): PrototypeTree | undefined;
}
