import type {
  Block,
  BraneCompany,
  BraneMeta,
  BraneSettings,
  ForkedFrom,
  Group,
  Restrictions,
  Role,
  SceneObject,
  Transform,
  Value,
  ValueMap,
  Visibility,
} from './entities';
import type { BraneId, ObjectId, OpId, PrototypeId, UserId } from './ids';

/** RFC 6901 pointer into an object, from the table of settable fields (SYNC S4). */
export type Pointer = string;

interface NewBase {
  readonly id?: ObjectId;
  readonly parent_id: ObjectId;
  readonly order?: string;
  readonly name?: string;
  readonly transform?: Transform;
  readonly properties?: ValueMap;
  readonly locked?: boolean;
  readonly pinned?: boolean;
  readonly expires_at?: string | null;
}

export interface NewGroup extends NewBase {
  readonly kind: 'group';
  readonly link?: BraneId;
  readonly gallery?: Group['gallery'];
}

export interface NewBlock extends NewBase {
  readonly kind: 'block';
  readonly model?: Block['model'];
}

/** What a client may name of an object that it creates; the server resolves the rest. */
export type NewObject = NewGroup | NewBlock;

/** An op as a client asks for it. `if_version` makes it conditional on the object's version. */
export type ClientOp =
  | { readonly op: 'create'; readonly object: NewObject }
  | {
      readonly op: 'update';
      readonly id: ObjectId;
      readonly set?: Readonly<Record<Pointer, Value>>;
      readonly unset?: readonly Pointer[];
      readonly if_version?: number;
    }
  | {
      readonly op: 'transform';
      readonly id: ObjectId;
      readonly transform: Transform;
      readonly if_version?: number;
    }
  | {
      readonly op: 'move';
      readonly id: ObjectId;
      readonly parent_id: ObjectId;
      readonly order?: string;
      readonly if_version?: number;
    }
  | { readonly op: 'delete'; readonly id: ObjectId; readonly if_version?: number }
  | {
      readonly op: 'instantiate';
      /** Of the instance's root; the server gives all others. */
      readonly id?: ObjectId;
      readonly prototype_id: PrototypeId;
      /** Without it the latest. */
      readonly version?: number;
      readonly parent_id: ObjectId;
      readonly order?: string;
      /** Of the instance's root, instead of its own. */
      readonly transform?: Transform;
      readonly overrides?: InstanceOverrides;
    }
  | {
      /** Moves one instance, with all of its parts, to a newer version of its prototype. */
      readonly op: 'upgrade';
      /** The instance's root. */
      readonly id: ObjectId;
      /** Without it the latest. */
      readonly version?: number;
      readonly if_version?: number;
    };

/** What an instance has otherwise than its prototype; properties replace the prototype's, name by name. */
export interface InstanceOverrides {
  readonly name?: string;
  readonly properties?: ValueMap;
  /** By the key of the node; of a prototype group, by the key of the member. */
  readonly nodes?: Readonly<Record<string, NodeOverrides>>;
}

export interface NodeOverrides {
  readonly name?: string;
  readonly transform?: Transform;
  readonly properties?: ValueMap;
}

/**
 * A resolved op, as it stands in the log and is broadcast: whoever applies it in seq order with the shared reducer
 * reaches the same state and asks nothing. `version` is the object's version after the op.
 */
export type Op =
  | { readonly op: 'create'; readonly object: SceneObject }
  | {
      readonly op: 'update';
      readonly id: ObjectId;
      readonly set: Readonly<Record<Pointer, Value>>;
      readonly unset: readonly Pointer[];
      readonly version: number;
    }
  | {
      readonly op: 'transform';
      readonly id: ObjectId;
      readonly transform: Transform;
      readonly version: number;
    }
  | {
      readonly op: 'move';
      readonly id: ObjectId;
      readonly parent_id: ObjectId;
      readonly order: string;
      readonly version: number;
    }
  /** Marks the root of a subtree as deleted (SYNC S1); the records stay until they are reaped. */
  | { readonly op: 'delete'; readonly id: ObjectId; readonly version: number }
  /** Lifts that mark. */
  | { readonly op: 'undelete'; readonly id: ObjectId; readonly version: number }
  /** Re-spreads order keys among siblings (SYNC S6); versions stay. */
  | {
      readonly op: 'reorder';
      readonly parent_id: ObjectId;
      readonly orders: Readonly<Record<ObjectId, string>>;
    }
  /** Takes marked records away for good, after the undo horizon, or because they live in another brane from now on. Has no inverse. */
  | { readonly op: 'reap'; readonly ids: readonly ObjectId[]; readonly moved_to?: BraneId }
  | BraneOp;

/** Log entries about the brane itself (SYNC L6, L7). They have no inverse for undo. */
export type BraneOp =
  | {
      /** Each field that it holds takes the place of the brane's own. */
      readonly op: 'set_brane';
      readonly name?: string;
      readonly visibility?: Visibility;
      readonly settings?: BraneSettings;
      readonly archived_at?: string | null;
      readonly forked_from?: ForkedFrom;
      readonly bans?: Restrictions;
      readonly mutes?: Restrictions;
      readonly kicks?: Readonly<Record<UserId, string>>;
      readonly company?: BraneCompany | null;
    }
  | { readonly op: 'set_member'; readonly user_id: UserId; readonly role: Role | null }
  | { readonly op: 'set_status'; readonly status: BraneMeta['status']; readonly purge_after?: string };

/** Null takes a setting away; what is not named stays. */
export type SettingsChange = { readonly [Name in keyof BraneSettings]?: BraneSettings[Name] | null };

/** Until when (null: until it is lifted); false lifts it. Who is not named stays as he is. */
export type RestrictionsChange = Readonly<Record<UserId, string | null | false>>;

/** What is asked of a brane itself; the server resolves it to a BraneOp. */
export type BraneChange =
  | {
      readonly op: 'set_brane';
      readonly name?: string;
      readonly visibility?: Visibility;
      readonly settings?: SettingsChange;
      readonly archived?: boolean;
      /** The server's own: a step of the fork says that it is complete. */
      readonly forked_from?: ForkedFrom;
      readonly bans?: RestrictionsChange;
      readonly mutes?: RestrictionsChange;
      /** Whom to put out now; he may come back. */
      readonly kick?: UserId;
      /** Whose it becomes; null: it leaves its company. The people of the company as they are. */
      readonly company?: BraneCompany | null;
    }
  | Extract<BraneOp, { readonly op: 'set_member' | 'set_status' }>;

/** What the log entry says about all of its ops. */
export interface OpContext {
  readonly seq: number;
  /** RFC 3339; never before the previous entry's (SYNC L4). */
  readonly at: string;
  readonly actor: UserId;
}

/**
 * The inverse of one resolved op, with what it needs to know that the state is still what its op left (SYNC U1).
 * Stored beside the op in the log; never broadcast.
 */
export type Inverse =
  /**
   * Undoes a create by marking it deleted; applies while the subtree holds only live objects that the same entry
   * created and no object of it is `co_edited`.
   */
  | { readonly undo: 'create'; readonly id: ObjectId }
  /** Undoes an update, pointer by pointer, where the current value still equals what was set. */
  | { readonly undo: 'update'; readonly id: ObjectId; readonly pointers: readonly PointerChange[] }
  | {
      readonly undo: 'transform';
      readonly id: ObjectId;
      readonly before: Transform;
      readonly after: Transform;
    }
  /** Applies while the object still has the parent `after`; goes back to the place `before`. */
  | { readonly undo: 'move'; readonly id: ObjectId; readonly before: Place; readonly after: Place }
  /** Lifts the mark; applies while the object still carries it. */
  | { readonly undo: 'delete'; readonly id: ObjectId }
  /**
   * Marks again; applies while nothing in the subtree was touched after the entry that lifted the mark. What nobody but
   * the user who asks has ever touched does not count: his own redo must not stop at what his own undo and redo left.
   */
  | { readonly undo: 'undelete'; readonly id: ObjectId };

export interface Place {
  readonly parent_id: ObjectId;
  readonly order: string;
}

/** `undefined` (absent) means that the pointer did not exist. */
export interface PointerChange {
  readonly pointer: Pointer;
  readonly before?: Value;
  readonly after?: Value;
}

/** A batch of ops under one op id: atomic, one log entry (SYNC L1). */
export interface Edit {
  readonly op_id: OpId;
  readonly ops: readonly ClientOp[];
}
