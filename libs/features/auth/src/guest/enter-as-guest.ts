import { type AuditOrigin, recordAudit } from '@state-server/audit';
import { type Committer, readBrane, SYSTEM_USER, withReadErrors } from '@state-server/commit';
import {
  asOpId,
  asUserId,
  BRANE_LIMITS,
  type BraneId,
  isText,
  roleIn,
  type Standing,
} from '@state-server/domain';
import {
  addressDigest,
  linkIdOf,
  newSecret,
  openSession,
  putGuest,
  stateOfLink,
} from '@state-server/identity';
import type {
  GuestDoc,
  LinkDoc,
  ReadTransaction,
  SessionDoc,
  Transaction,
  UserDoc,
} from '@state-server/persistence-port';
import { fail, type GuestTokensResponse } from '@state-server/protocol';
import type { AuthDeps } from '../auth-deps';
import { issueTokens } from '../issue-tokens';

export interface GuestDeps extends AuthDeps {
  readonly committer: Pick<Committer, 'administer'>;
  /** How long a guest may stay at all, ms. */
  readonly guestMs: number;
}

export interface EnterAsGuest {
  readonly name: string;
  /** One of the two: the token of a link, or a brane that whoever knows it may see. */
  readonly link?: string;
  readonly brane_id?: BraneId;
  /** IP address of the client. */
  readonly address: string;
  readonly user_agent?: string;
  readonly origin?: AuditOrigin;
}

const NAME_CHARS = 40;

/**
 * Lets somebody without an account into a brane: by a link, which makes him a member with its role, or through the brane's
 * visibility. His tokens are good there alone, and end after `guestMs` or with the link. Throws `link.not_found`, `link.expired`,
 * `brane.not_found`, `brane.banned`, `brane.too_many_members`, `field.invalid` (a name of which nothing is left).
 */
export async function enterAsGuest(deps: GuestDeps, input: EnterAsGuest): Promise<GuestTokensResponse> {
  const name = cleanName(input.name);
  const attempt: Attempt = {
    input,
    now: deps.environment.clock.now(),
    user_id: deps.environment.ids.uuid(),
    session_id: deps.environment.ids.uuid(),
    refresh_token: newSecret(),
    name,
    guestMs: deps.guestMs,
  };
  const entered =
    input.link === undefined ? await enterSeen(deps, attempt) : await enterByLink(deps, attempt, input.link);
  const { user, session, role } = entered;
  deps.log.info('auth.guest_entered', {
    user_id: user.id,
    session_id: session.id,
    brane_id: entered.brane_id,
  });
  const tokens = await issueTokens(deps.tokens, session, user, attempt.refresh_token);
  return { ...tokens, brane_id: entered.brane_id, role, expires_at: entered.expires_at };
}

interface Attempt {
  readonly input: EnterAsGuest;
  readonly now: number;
  readonly user_id: string;
  readonly session_id: string;
  readonly refresh_token: string;
  readonly name: string;
  readonly guestMs: number;
}

interface Entered {
  readonly user: UserDoc;
  readonly session: SessionDoc;
  readonly brane_id: BraneId;
  readonly role: Standing;
  readonly expires_at: string;
}

/** NFKC, without control and format characters, white space as single spaces, at most 40 characters. */
export function cleanName(name: string): string {
  if (!isText(name)) throw fail('field.invalid', { pointer: '/name' }, 'A name must be well-formed Unicode.');
  const clean = name.normalize('NFKC').replaceAll(/\s+/gu, ' ').replaceAll(/\p{C}/gu, '').trim();
  const short = Array.from(clean).slice(0, NAME_CHARS).join('').trim();
  if (short === '') throw fail('field.invalid', { pointer: '/name' }, 'A name has a character that is seen.');
  return short;
}

async function enterSeen({ store }: GuestDeps, attempt: Attempt): Promise<Entered> {
  const { brane_id } = attempt.input;
  const view = brane_id && (await readBrane(store, brane_id));
  const role = view?.meta.status === 'live' ? roleIn(view.meta, null) : null;
  if (!brane_id || role === null) throw fail('brane.not_found', { id: brane_id });
  return withReadErrors(
    store.transact({ label: 'auth.guest' }, async (tx) => {
      await assertNotBanned(tx, attempt, brane_id);
      return { ...open(tx, attempt, { brane_id }), role };
    }),
  );
}

/**
 * The use of the link, the membership, the user and his session are one transaction with the brane's entry, and the link is
 * written by each: of any number at the same time as many get in as it has uses (P1, GUEST-2).
 */
async function enterByLink(deps: GuestDeps, attempt: Attempt, token: string): Promise<Entered> {
  const { store, committer, environment } = deps;
  const id = linkIdOf(token);
  const read = (tx: ReadTransaction): Promise<LinkDoc | undefined> => tx.get('links', [id]);
  const seen = usable(await withReadErrors(store.read({ label: 'auth.link' }, read)), token, attempt.now);
  let entered: Entered | undefined;
  await committer.administer({
    brane_id: seen.brane_id,
    actor: { kind: 'system', user_id: SYSTEM_USER },
    op_id: asOpId(environment.ids.uuid()),
    ops: [{ op: 'set_member', user_id: asUserId(attempt.user_id), role: seen.role }],
    also: async (tx) => {
      const link = usable(await read(tx), token, attempt.now);
      // The entry says which role: it must be the link's at this moment.
      if (link.role !== seen.role) throw fail('commit.conflict');
      await assertNotBanned(tx, attempt, link.brane_id);
      tx.put('links', { ...link, uses: link.uses + 1 });
      entered = { ...open(tx, attempt, link), role: link.role };
    },
  });
  if (!entered) throw new Error('the committer did not call its hook');
  return entered;
}

function usable(link: LinkDoc | undefined, token: string, now: number): LinkDoc {
  const state = stateOfLink(link, token, now);
  if (!link || state === 'unknown') throw fail('link.not_found');
  if (state === 'expired') throw fail('link.expired');
  return link;
}

function open(
  tx: Transaction,
  attempt: Attempt,
  link: Pick<LinkDoc, 'brane_id'> & Partial<Pick<LinkDoc, 'id' | 'expires_at'>>,
): Omit<Entered, 'role'> {
  const { input, now, name, session_id, refresh_token } = attempt;
  const { brane_id } = link;
  const id = asUserId(attempt.user_id);
  const at = new Date(now).toISOString();
  const most = new Date(now + attempt.guestMs).toISOString();
  const expires_at = link.expires_at !== undefined && link.expires_at < most ? link.expires_at : most;
  const by = link.id === undefined ? {} : { link_id: link.id };
  const guest: GuestDoc = {
    ...{ user_id: id, brane_id, created_at: at, expires_at },
    ...by,
    address: addressDigest(brane_id, input.address),
  };
  const user: UserDoc = {
    ...{ id, name, roles: ['user'], version: 1, created_at: at, updated_at: at },
    guest: { brane_id, ...by, expires_at },
  };
  putGuest(tx, user, guest);
  const agent = input.user_agent === undefined ? {} : { user_agent: input.user_agent };
  const from = input.origin === undefined ? {} : { origin: input.origin };
  const session = openSession(tx, {
    session_id,
    user,
    refresh_token,
    now,
    provider: 'guest',
    ...agent,
    ...from,
  });
  recordAudit(tx, {
    ...input.origin,
    action: 'guest.joined',
    actor: { kind: 'guest', id },
    brane_id,
    details: { link_id: link.id ?? null },
    at: now,
  });
  return { user, session, brane_id, expires_at };
}

/** Whoever was banned as a guest and comes back under another name, as far as his address tells (MOD-7). */
async function assertNotBanned(
  tx: ReadTransaction,
  { input, now }: Attempt,
  braneId: BraneId,
): Promise<void> {
  const address = addressDigest(braneId, input.address);
  const bans = await tx.range('moderations', { prefix: [braneId, 'ban'], limit: MOST_BANS });
  const at = new Date(now).toISOString();
  const ban = bans.find((one) => one.address === address && (one.until === undefined || one.until > at));
  if (!ban) return;
  const { reason, until } = ban;
  throw fail('brane.banned', { brane_id: braneId, reason, ...(until === undefined ? {} : { until }) });
}

/** As many as a brane may have (BRANE_LIMITS). */
const MOST_BANS = BRANE_LIMITS.restrictions;
