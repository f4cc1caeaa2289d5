import { type Draft, drafted, type EditEnvironment, type Resolved } from './draft';
import type { Value } from './entities';
import { LIMITS } from './limits';
import type { ClientOp, OpContext, Pointer } from './ops';
import { ok, refuse, type Refusal, type Result } from './refusal';
import {
  resolveCreate,
  resolveDelete,
  resolveMove,
  resolveTransform,
  resolveUpdate,
  target,
} from './resolve-op';
import { valueBytes } from './values';
import type { WorkingCopy } from './working-copy';

/**
 * Turns what a client asks for into the ops of a log entry, with their inverses, and applies them to the copy. All or
 * nothing: a refusal says in `details.op_index` which op it was, and leaves the copy as it was (SYNC L1). A signal that the
 * copy's base throws goes through, and leaves the copy as it was too. Rights are the caller's business.
 */
export function resolveEdit(
  copy: WorkingCopy,
  ops: readonly ClientOp[],
  context: OpContext,
  environment: EditEnvironment,
): Result<Resolved> {
  const refusal = editRefusal(copy, ops);
  if (refusal) return { ok: false, refusal };
  return drafted(copy, context, environment.prototypes, (draft) => {
    for (const [index, op] of ops.entries()) {
      const result = resolveOp(draft, op, environment);
      if (result.ok) continue;
      const { code, message, details } = result.refusal;
      return refuse(code, message, { ...details, op_index: index });
    }
    return ok(undefined);
  });
}

function editRefusal(copy: WorkingCopy, ops: readonly ClientOp[]): Refusal | undefined {
  const { status } = copy.meta;
  if (status !== 'live')
    return { code: 'brane.frozen', message: `the brane is ${status}`, details: { status } };
  if (ops.length === 0) return { code: 'edit.empty', message: 'an edit has at least one op' };
  if (ops.length > LIMITS.ops_per_edit) {
    const message = `${ops.length} ops in one edit are over ${LIMITS.ops_per_edit}`;
    return { code: 'edit.too_many_ops', message, details: { ops: ops.length } };
  }
  const bytes = valueBytes(ops);
  if (bytes <= LIMITS.bytes_per_edit) return undefined;
  const message = `an edit of ${bytes} bytes is over ${LIMITS.bytes_per_edit}`;
  return { code: 'edit.too_large', message, details: { bytes } };
}

function resolveOp(draft: Draft, op: ClientOp, environment: EditEnvironment): Result<void> {
  switch (op.op) {
    case 'create':
      return resolveCreate(draft, op.object, op.object.id ?? environment.newId());
    case 'instantiate':
      return draft.prototypes?.instantiate(draft, op, environment) ?? ok(undefined);
    case 'upgrade': {
      const found = target(draft, op.id, op.if_version);
      if (!found.ok) return found;
      return draft.prototypes?.upgrade(draft, found.value, op.version, environment) ?? ok(undefined);
    }
    case 'update':
    case 'transform':
    case 'move':
    case 'delete':
      return resolveChange(draft, op);
    default:
      return refuse('op.unsupported', `unknown op ${String((op as { readonly op?: unknown }).op)}`);
  }
}

type Change = Extract<ClientOp, { readonly op: 'update' | 'transform' | 'move' | 'delete' }>;

function resolveChange(draft: Draft, op: Change): Result<void> {
  const found = target(draft, op.id, op.if_version);
  if (!found.ok) return found;
  const object = found.value;
  switch (op.op) {
    case 'update': {
      const { set = {}, unset = [] } = op;
      const checked = checkPointers(set, unset);
      return checked.ok ? resolveUpdate(draft, object, set, unset) : checked;
    }
    case 'transform':
      return resolveTransform(draft, object, op.transform);
    case 'move':
      return resolveMove(draft, object, op.parent_id, op.order);
    case 'delete':
      return resolveDelete(draft, object);
  }
}

function checkPointers(set: Readonly<Record<Pointer, Value>>, unset: readonly Pointer[]): Result<void> {
  const pointers = [...Object.keys(set), ...unset];
  if (pointers.length === 0) return refuse('op.invalid', 'an update sets or unsets at least one pointer');
  if (pointers.length > LIMITS.pointers_per_update) {
    return refuse('field.too_large', `an update names at most ${LIMITS.pointers_per_update} pointers`, {
      pointers: pointers.length,
    });
  }
  const own = pointers.find((pointer) => pointer === '/prototype');
  if (own !== undefined) return refuse('field.not_settable', `${own} cannot be set`, { pointer: own });
  const long = pointers.find((pointer) => pointer.length > LIMITS.pointer_chars);
  if (long === undefined) return ok(undefined);
  return refuse('field.too_large', `a pointer has at most ${LIMITS.pointer_chars} characters`, {
    chars: long.length,
  });
}
