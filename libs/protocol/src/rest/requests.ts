import * as z from 'zod/mini';
import { role, visibility } from '../schema/brane-meta';
import {
  braneId,
  companyId,
  logPosition,
  objectId,
  operationId,
  opId,
  prototypeId,
  sessionId,
  userId,
  version,
} from '../schema/ids';
import { clientOps, newObjectOf, pointer } from '../schema/ops';
import { transform, value, valueMap } from '../schema/values';
import { cursor, integerParameter, limit } from './page';

export const braneParams = z.strictObject({ id: braneId });
export const operationParams = z.strictObject({ id: braneId, operation_id: operationId });
export const memberParams = z.strictObject({ id: braneId, user_id: userId });
export const objectParams = z.strictObject({ id: objectId });
export const actionParams = z.strictObject({
  id: objectId,
  action: z.string().check(z.minLength(1), z.maxLength(100)),
});
export const callbackParams = z.strictObject({ type: z.string().check(z.minLength(1), z.maxLength(100)) });

export const devSignInRequest = z.strictObject({
  name: z.string().check(z.minLength(1), z.maxLength(100)),
  /** Who signs in with the same email again is the same user; without one, who does so with the same name. */
  email: z.exactOptional(
    z.string().check(z.regex(/^[^\s@]{1,64}@[^\s@]{1,255}$/, 'must be an email address')),
  ),
});
export const refreshRequest = z.strictObject({
  refresh_token: z.string().check(z.minLength(1), z.maxLength(512)),
});

export const revokeRequest = z.strictObject({
  token: z.string().check(z.minLength(1), z.maxLength(4_096)),
});
export const sessionParams = z.strictObject({ id: sessionId });
export const endSessionsQuery = z.strictObject({ keep: z.exactOptional(z.literal('current')) });
/** RFC 7636: the SHA-256 of a verifier, and the verifier. */
const challenge = z.string().check(z.regex(/^[\w-]{43}$/, 'must be an S256 code challenge'));
const verifier = z.string().check(z.regex(/^[\w.~-]{43,128}$/, 'must be a code verifier'));

export const beginSignInQuery = z.strictObject({
  /** Where the browser goes in the end, with `code` or `error`: one of the listed addresses; a query of its own is kept. */
  return_to: z.string().check(z.minLength(1), z.maxLength(2_000)),
  code_challenge: challenge,
  code_challenge_method: z.exactOptional(z.literal('S256')),
  /** Asks the provider to sign the user in anew, or to let him choose an account. */
  prompt: z.exactOptional(z.enum(['login', 'select_account'])),
});
/** What the provider adds by RFC 6749 and 9207; others may come with it. */
export const signInCallbackQuery = z.looseObject({
  state: z.optional(z.string()),
  code: z.optional(z.string()),
  error: z.optional(z.string()),
  iss: z.optional(z.string()),
});
export const redeemCodeRequest = z.strictObject({
  code: z.string().check(z.minLength(1), z.maxLength(200)),
  code_verifier: verifier,
});
const provider = z.enum(['google', 'microsoft', 'dev']);
export const identityParams = z.strictObject({ provider });

/** `me`: the caller. */
const userRef = z.union([z.literal('me'), userId]);
export const userParams = z.strictObject({ id: userRef });
export const inventoryParams = z.strictObject({ id: userRef, prototype_id: prototypeId });
export const adminUserParams = z.strictObject({ id: userId });
/** Null takes a field, or one of the settings, away; what is not named stays. */
export const updateUserRequest = z
  .strictObject({
    name: z.exactOptional(z.string().check(z.minLength(1))),
    /** An https URL, or the id of a model or an asset. */
    avatar: z.exactOptional(z.nullable(z.string())),
    /** BCP 47. */
    locale: z.exactOptional(z.nullable(z.string())),
    /** Of the clients, which alone know what they mean: at most 64 of them and 16 KiB. */
    settings: z.exactOptional(z.nullable(valueMap)),
  })
  .check(z.refine((body) => Object.keys(body).length > 0, 'must set name, avatar, locale or settings'));
/** Where it was found, or who gave it. */
const inventorySource = z
  .strictObject({ brane_id: z.exactOptional(braneId), user_id: z.exactOptional(userId) })
  .check(z.refine((from) => Object.keys(from).length > 0, 'must name brane_id or user_id'));
export const putInventoryRequest = z.strictObject({
  source: z._default(z.enum(['pinned', 'gift']), 'pinned'),
  from: z.exactOptional(inventorySource),
});
export const suspendUserRequest = z.strictObject({
  reason: z.string().check(z.minLength(1), z.maxLength(500)),
  /** RFC 3339; without it until it is lifted. */
  until: z.exactOptional(
    z.string().check(
      z.maxLength(40),
      z.refine(
        (text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)),
        'must be a time as in RFC 3339',
      ),
    ),
  ),
});
export const putRolesRequest = z.strictObject({
  /** Everybody is a user; an admin is more than that. */
  roles: z.array(z.enum(['user', 'admin'])).check(
    z.maxLength(2),
    z.refine(
      (roles) => roles.includes('user') && new Set(roles).size === roles.length,
      'must be user, once, and more',
    ),
  ),
});

const settingsFields = {
  description: z.string(),
  tags: z.array(z.string()),
  /** An https URL, or the id of an asset. */
  thumbnail: z.string(),
  /** Days for which the log is kept beyond checkpoints; 0: for ever. */
  history_days: z.int(),
  /** People who may be in it at a time. */
  people_max: z.int(),
};
const newSettings = z.strictObject({
  description: z.exactOptional(settingsFields.description),
  tags: z.exactOptional(settingsFields.tags),
  thumbnail: z.exactOptional(settingsFields.thumbnail),
  history_days: z.exactOptional(settingsFields.history_days),
  people_max: z.exactOptional(settingsFields.people_max),
});
/** Null takes a setting away; what is not named stays. */
const settingsChange = z.strictObject({
  description: z.exactOptional(z.nullable(settingsFields.description)),
  tags: z.exactOptional(z.nullable(settingsFields.tags)),
  thumbnail: z.exactOptional(z.nullable(settingsFields.thumbnail)),
  history_days: z.exactOptional(z.nullable(settingsFields.history_days)),
  people_max: z.exactOptional(z.nullable(settingsFields.people_max)),
});

export const createBraneRequest = z.strictObject({
  /** The client may choose it; it is the root group's id as well (SYNC S7). */
  id: z.exactOptional(braneId),
  name: z.string().check(z.minLength(1)),
  visibility: z._default(visibility, 'private'),
  settings: z.exactOptional(newSettings),
  /** Whose it is, instead of yours. */
  company_id: z.exactOptional(companyId),
});
export const updateBraneRequest = z
  .strictObject({
    name: z.exactOptional(z.string().check(z.minLength(1))),
    visibility: z.exactOptional(visibility),
    settings: z.exactOptional(settingsChange),
    /** True: nobody edits its objects until it is false again. */
    archived: z.exactOptional(z.boolean()),
  })
  .check(z.refine((body) => Object.keys(body).length > 0, 'must set name, visibility, settings or archived'));

export const listingSort = z.enum(['newest', 'name', 'popularity']);
/** What a search looks for: words, each of which has to begin a word of what is found. */
export const searchText = z.string().check(z.minLength(1), z.maxLength(200));
/**
 * `public=true`: all public branes; otherwise the caller's own, of which `role` and `status` tell more (`live` has the
 * archived ones with it). Without `sort` the public ones come by age, one's own by id.
 */
export const listBranesQuery = z
  .strictObject({
    q: z.exactOptional(searchText),
    public: z.exactOptional(z.enum(['true', 'false'])),
    role: z.exactOptional(role),
    status: z.exactOptional(z.enum(['live', 'archived', 'deleted'])),
    sort: z.exactOptional(listingSort),
    limit,
    cursor,
  })
  .check(
    z.refine(
      (query) => query.public !== 'true' || (query.role === undefined && query.status === undefined),
      'role and status are for your own branes, not for the public ones',
    ),
  );

/** SYNC I2, I4: on an edit that was sent before. */
const resend = {
  again: z.exactOptional(z.boolean()),
  first_sent: z.exactOptional(logPosition),
};
export const editRequest = z.strictObject({ op_id: opId, ops: clientOps, ...resend });
/** Without `target_op_id` the latest of the user's edits that can be undone (SYNC U2). */
export const undoRequest = z.strictObject({ op_id: opId, target_op_id: z.exactOptional(opId), ...resend });
export const putMemberRequest = z.strictObject({ role });
/** RFC 3339, with whatever offset; as UTC with milliseconds from here on. */
export const toTime = z.pipe(
  z.string().check(
    z.regex(
      /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$/,
      'must be a time (RFC 3339)',
    ),
    z.refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time (RFC 3339)'),
  ),
  z.transform((text: string) => new Date(text).toISOString()),
);
/** A seq, or a time: then the last entry at or before it. */
export const snapshotQuery = z.strictObject({
  at: z.exactOptional(z.union([integerParameter(0, Number.MAX_SAFE_INTEGER), toTime])),
});
const past = { seq: z.exactOptional(z.int().check(z.gte(1))), at: z.exactOptional(toTime) };
export const restoreRequest = z
  .strictObject({
    op_id: z.exactOptional(opId),
    ...past,
    /** Only this object and what was or is below it. */
    subtree: z.exactOptional(objectId),
  })
  .check(
    z.refine(
      (body) => (body.seq === undefined) !== (body.at === undefined),
      'must have either seq or at, a time',
    ),
  );
export const forkRequest = z
  .strictObject({
    op_id: z.exactOptional(opId),
    ...past,
    /** Default: that of the brane. */
    name: z.exactOptional(z.string().check(z.minLength(1))),
    visibility: z._default(visibility, 'private'),
  })
  .check(
    z.refine(
      (body) => body.seq === undefined || body.at === undefined,
      'must have one of seq and at, a time, or neither',
    ),
  );

/** `after` names a seq; `cursor` continues a list and takes precedence. */
export const historyQuery = z.strictObject({
  after: z.exactOptional(integerParameter(0, Number.MAX_SAFE_INTEGER)),
  /** Only entries of this user. */
  actor: z.exactOptional(userId),
  /** Only entries that touched this object. */
  object: z.exactOptional(objectId),
  /** Not before this time … */
  since: z.exactOptional(toTime),
  /** … and not after this one. */
  until: z.exactOptional(toTime),
  order: z._default(z.enum(['asc', 'desc']), 'asc'),
  limit,
  cursor,
});

export const createObjectRequest = newObjectOf({ brane_id: braneId });
/** One edit: the pointers that are set and unset, and the transform. `if_version` as If-Match. */
export const updateObjectRequest = z
  .strictObject({
    set: z.exactOptional(z.record(pointer, value)),
    unset: z.exactOptional(z.array(pointer)),
    transform: z.exactOptional(transform),
    if_version: z.exactOptional(version),
  })
  .check(
    z.refine(
      (body) => body.set !== undefined || body.unset !== undefined || body.transform !== undefined,
      'must have set, unset or transform',
    ),
  );
export const moveObjectRequest = z.strictObject({
  parent_id: objectId,
  /** Fractional index among the new siblings; without it, last. */
  order: z.exactOptional(z.string()),
  /** Where the object is to go, if that is another brane than its own; then `parent_id` is there. */
  brane_id: z.exactOptional(braneId),
  if_version: z.exactOptional(version),
});
export const upgradeObjectRequest = z.strictObject({
  /** Without it the latest. */
  version: z.exactOptional(version),
  /** All instances at and below the object, each to the latest version of its prototype. */
  subtree: z.exactOptional(z.boolean()),
  if_version: z.exactOptional(version),
});
export const invokeActionRequest = z.strictObject({ args: z.exactOptional(valueMap) });

/** What a worker reports. Job and worker are inside, so that the signature covers them. */
export const callbackRequest = z.strictObject({
  job_id: z.string().check(z.minLength(1), z.maxLength(100)),
  attempt: z.int().check(z.gte(1)),
  /** With job and attempt the key of the effect: it happens once for ever. */
  event: z.string().check(z.minLength(1), z.maxLength(100)),
  worker: z.string().check(z.minLength(1), z.maxLength(100)),
  state: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  result: z.exactOptional(valueMap),
});
export const callbackResponse = z.object({
  job_id: z.string(),
  /** True when this event had been taken before. */
  duplicate: z.boolean(),
});

export type DevSignInRequest = z.output<typeof devSignInRequest>;
export type RefreshRequest = z.output<typeof refreshRequest>;
export type PutInventoryRequest = z.output<typeof putInventoryRequest>;
export type SuspendUserRequest = z.output<typeof suspendUserRequest>;
export type UpdateUserRequest = z.output<typeof updateUserRequest>;
export type CreateBraneRequest = z.output<typeof createBraneRequest>;
export type ListBranesQuery = z.output<typeof listBranesQuery>;
export type UpdateBraneRequest = z.output<typeof updateBraneRequest>;
export type EditBraneRequest = z.output<typeof editRequest>;
export type UndoBraneRequest = z.output<typeof undoRequest>;
export type PutMemberRequest = z.output<typeof putMemberRequest>;
export type RestoreRequest = z.output<typeof restoreRequest>;
export type ForkRequest = z.output<typeof forkRequest>;
export type HistoryQuery = z.output<typeof historyQuery>;
export type CreateObjectRequest = z.output<typeof createObjectRequest>;
export type UpdateObjectRequest = z.output<typeof updateObjectRequest>;
export type MoveObjectRequest = z.output<typeof moveObjectRequest>;
export type CallbackRequest = z.output<typeof callbackRequest>;
