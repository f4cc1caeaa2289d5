import type { SceneObject } from './entities';
import { asObjectId, type ObjectId } from './ids';
import { LIMITS } from './limits';
import type { ClientOp, Inverse, Op, OpContext, Pointer } from './ops';
import { isOrderKey, ORDER_MAX } from './order';
import { ok, refuse, type Refusal, type Result } from './refusal';
import { firstNotFinite } from './space';
import { checkValue, valueBytes } from './values';
import type { WorkingCopy } from './working-copy';

/** A pointer that an undo left alone because it was changed since (SYNC U1). */
export interface Skipped {
  readonly id: ObjectId;
  readonly pointer: Pointer;
}

/** What an edit or undo comes to: its log entry. An inverse for each op that has one, in the order of the ops. */
export interface Resolved {
  readonly ops: Op[];
  readonly inverses: Inverse[];
  readonly skipped: Skipped[];
}

export interface EditEnvironment {
  /** Ids of objects whose creator named none. */
  newId(): ObjectId;
  /** Without them (a client has no versions at hand) `instantiate` and `upgrade` are left to the server, and so are schemas. */
  readonly prototypes?: PrototypeRules;
}

/** The rules about instances, for whoever can read prototypes: see `prototypeRules`. */
export interface PrototypeRules {
  instantiate(
    draft: Draft,
    op: Extract<ClientOp, { readonly op: 'instantiate' }>,
    environment: EditEnvironment,
  ): Result<void>;
  upgrade(
    draft: Draft,
    object: SceneObject,
    version: number | undefined,
    environment: EditEnvironment,
  ): Result<void>;
  /** Whether the properties fit the schema of what this is an instance of. */
  check(object: SceneObject): Result<void>;
}

/** A log entry in the making: each op is applied to the copy as soon as it is resolved, so the next one sees it. */
export interface Draft extends Resolved {
  readonly copy: WorkingCopy;
  readonly context: OpContext;
  /** The seq that each object had before this entry touched it. */
  readonly seqBefore: Map<ObjectId, number>;
  readonly prototypes: PrototypeRules | undefined;
}

/** Runs a draft to its end, or leaves the copy as it was: after a refusal, and after a signal of the copy's base too (SYNC L1). */
export function drafted(
  copy: WorkingCopy,
  context: OpContext,
  prototypes: PrototypeRules | undefined,
  write: (draft: Draft) => Result<void>,
): Result<Resolved> {
  const draft: Draft = {
    copy,
    context,
    prototypes,
    seqBefore: new Map(),
    ops: [],
    inverses: [],
    skipped: [],
  };
  const before = copy.savepoint();
  try {
    const result = write(draft);
    if (result.ok) return ok({ ops: draft.ops, inverses: draft.inverses, skipped: draft.skipped });
    copy.rollback(before);
    return result;
  } catch (signal) {
    copy.rollback(before);
    throw signal;
  }
}

/** Applies the op to the copy and takes it into the entry. */
export function addOp(draft: Draft, op: Op, inverse?: Inverse): Result<void> {
  for (const id of touchedBy(op)) {
    const object = draft.seqBefore.has(id) ? undefined : draft.copy.get(id);
    if (object) draft.seqBefore.set(id, object.seq);
  }
  const applied = draft.copy.apply(op, draft.context);
  if (!applied.ok) return applied;
  draft.ops.push(op);
  if (inverse) draft.inverses.push(inverse);
  return ok(undefined);
}

function touchedBy(op: Op): readonly ObjectId[] {
  if ('orders' in op) return Object.keys(op.orders).map(asObjectId);
  return 'id' in op ? [op.id] : [];
}

export function refused(refusal: Refusal): Result<never> {
  return { ok: false, refusal };
}

/** Whether what clients may put into an object is within the limits. */
export function checkFields(object: SceneObject): Result<void> {
  if (Array.from(object.name).length > LIMITS.name_chars) {
    return refuse('field.too_large', `a name has at most ${LIMITS.name_chars} characters`, {
      pointer: '/name',
    });
  }
  const nested = checkValue(object.properties);
  if (!nested.ok) return nested;
  const bytes = valueBytes(object.properties);
  if (bytes > LIMITS.property_bytes_per_object) {
    return refuse(
      'field.too_large',
      `properties of ${bytes} bytes are over ${LIMITS.property_bytes_per_object}`,
      {
        pointer: '/properties',
        bytes,
      },
    );
  }
  return object.kind === 'group' ? checkGallery(object.gallery) : checkModel(object.model?.previews ?? []);
}

function checkGallery(gallery: Readonly<Record<string, string>>): Result<void> {
  const keys = Object.values(gallery);
  if (keys.length > LIMITS.gallery_entries_per_group) {
    return refuse('field.too_large', `a gallery has at most ${LIMITS.gallery_entries_per_group} entries`, {
      pointer: '/gallery',
    });
  }
  const wrong = keys.find((key) => !isOrderKey(key) || key.length > ORDER_MAX);
  return wrong === undefined
    ? ok(undefined)
    : refuse('order.invalid', `not an order key: ${wrong}`, { order: wrong });
}

function checkModel(previews: readonly string[]): Result<void> {
  if (previews.length <= LIMITS.previews_per_model) return ok(undefined);
  return refuse('field.too_large', `a model has at most ${LIMITS.previews_per_model} previews`, {
    pointer: '/model',
  });
}

/** Whether the object and what hangs below it still stand somewhere finite; a large subtree is looked at in part (SYNC S5). */
export function checkWorld(draft: Draft, id: ObjectId): Result<void> {
  const lost = firstNotFinite(draft.copy, id, LIMITS.rekeyed_objects_per_op);
  if (lost === undefined) return ok(undefined);
  return refuse('transform.not_finite', `the world transform of ${lost} would not be finite`, { id: lost });
}
