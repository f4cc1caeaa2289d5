import { type AuditAction, type AuditOrigin, recordAudit } from '@state-server/audit';
import { type BraneView, withReadErrors } from '@state-server/commit';
import {
  type BraneChange,
  type BraneId,
  grantedRole,
  mayModerate,
  type OpId,
  type UserId,
} from '@state-server/domain';
import type { ModerationDoc, ReadTransaction, Transaction } from '@state-server/persistence-port';
import { fail, type RestrictionResource } from '@state-server/protocol';
import { braneFor } from './brane-for';
import type { GuestsDeps } from './guest-deps';

interface Moderates {
  /** Who does it. */
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  readonly op_id: OpId;
  readonly trace_id?: string;
  /** To whom. */
  readonly target: UserId;
  readonly origin?: AuditOrigin;
  /** Further writes of the caller in the same transaction; may run several times. */
  readonly also?: (tx: Transaction, replayed: boolean) => Promise<void>;
}

export interface Moderate extends Moderates {
  readonly action: 'kick' | 'ban' | 'mute';
  readonly reason: string;
  /** RFC 3339, in the future; absent: until it is lifted. */
  readonly until?: string;
}

const DONE: Readonly<Record<Moderate['action'], AuditAction>> = {
  kick: 'moderation.kicked',
  ban: 'moderation.banned',
  mute: 'moderation.muted',
};
const LIFTED = { ban: 'moderation.unbanned', mute: 'moderation.unmuted' } as const;

/** The reason of a kick is told to whoever was kicked, and may be asked for so long, ms. */
const KICK_KEPT_MS = 86_400_000;

/**
 * Kicks, bans or mutes. Whom it concerns is a fact of the brane and takes effect with its entry on every gateway; why stands
 * beside it, in the same transaction. Throws `permission.denied`, `user.not_found`, `field.invalid`, `field.too_large`.
 */
export async function moderate(deps: GuestsDeps, input: Moderate): Promise<boolean> {
  const { brane_id, target, action, user_id, reason, until } = input;
  const now = deps.environment.clock.now();
  const at = new Date(now).toISOString();
  if (until !== undefined && until <= at) {
    throw fail('field.invalid', { pointer: '/until' }, 'A ban or mute ends in the future.');
  }
  await allowed(deps, input);
  const change = changeOf(action, target, until ?? null);
  return commit(deps, input, change, async (tx) => {
    const [user, guest] = [await tx.get('users', [target]), await tx.get('guests', [target])];
    if (!user || user.deleted_at !== undefined) throw fail('user.not_found', { id: target });
    const ends = action === 'kick' ? new Date(now + KICK_KEPT_MS).toISOString() : until;
    tx.put('moderations', {
      ...{ brane_id, kind: action, user_id: target, reason, by: user_id, at },
      ...(ends === undefined ? {} : { until: ends }),
      ...(guest?.address === undefined ? {} : { address: guest.address }),
    });
    record(tx, input, DONE[action], now, { reason, details: { until: until ?? null } });
  });
}

export interface LiftRestriction extends Moderates {
  readonly kind: 'ban' | 'mute';
}

/** Lifts a ban or mute, for whoever could set it. Throws `moderation.not_found`. */
export async function liftRestriction(deps: GuestsDeps, input: LiftRestriction): Promise<boolean> {
  const { brane_id, kind, target } = input;
  const { meta } = await allowed(deps, input);
  const restricted = kind === 'ban' ? meta.bans : meta.mutes;
  if (!restricted || !Object.hasOwn(restricted, target))
    throw fail('moderation.not_found', { user_id: target });
  return commit(deps, input, changeOf(kind, target, false), (tx) => {
    tx.delete('moderations', [brane_id, kind, target]);
    record(tx, input, LIFTED[kind], deps.environment.clock.now());
    return Promise.resolve();
  });
}

/** Who is banned or muted in a brane, by user id, for those who keep order in it. */
export async function listRestrictions(
  deps: GuestsDeps,
  { user_id, brane_id }: Pick<Moderates, 'user_id' | 'brane_id'>,
): Promise<readonly RestrictionResource[]> {
  const { meta } = await braneFor(deps.store, user_id, brane_id, 'brane.moderate');
  const all = Object.keys({ ...meta.bans, ...meta.mutes }).length;
  return withReadErrors(
    deps.store.read({ label: 'moderation.list' }, async (tx) => {
      const found = [await listed(tx, brane_id, 'ban', all), await listed(tx, brane_id, 'mute', all)].flat();
      const users = await tx.getMany(
        'users',
        found.map((one) => [one.user_id]),
      );
      return found.map(({ brane_id: _brane, address: _address, kind, ...rest }, index) => {
        const user = users[index];
        const name = user && user.deleted_at === undefined ? user.name : null;
        return { kind: kind as 'ban' | 'mute', ...rest, name, ...(user?.guest && { guest: true as const }) };
      });
    }),
  );
}

function listed(
  tx: ReadTransaction,
  braneId: BraneId,
  kind: string,
  limit: number,
): Promise<ModerationDoc[]> {
  return limit === 0 ? Promise.resolve([]) : tx.range('moderations', { prefix: [braneId, kind], limit });
}

export function changeOf(
  action: Moderate['action'],
  target: UserId,
  until: string | null | false,
): BraneChange {
  switch (action) {
    case 'kick':
      return { op: 'set_brane', kick: target };
    case 'ban':
      return { op: 'set_brane', bans: { [target]: until } };
    case 'mute':
      return { op: 'set_brane', mutes: { [target]: until } };
  }
}

async function allowed(deps: GuestsDeps, { user_id, brane_id, target }: Moderates): Promise<BraneView> {
  const view = await braneFor(deps.store, user_id, brane_id, 'brane.moderate');
  if (!mayModerate(view.meta, user_id, target)) {
    const role = grantedRole(view.meta, target);
    throw fail(
      'permission.denied',
      { brane_id, role },
      'Nobody does this to himself, to an owner or to his equal.',
    );
  }
  return view;
}

async function commit(
  { committer }: GuestsDeps,
  input: Moderates,
  change: BraneChange,
  write: (tx: Transaction) => Promise<void>,
): Promise<boolean> {
  const { brane_id, user_id, op_id, trace_id, also } = input;
  const committed = await committer.administer({
    ...{ brane_id, op_id, ops: [change], actor: { kind: 'user', user_id } as const },
    ...(trace_id === undefined ? {} : { trace_id }),
    also: async (tx, { replayed }) => {
      if (!replayed) await write(tx);
      await also?.(tx, replayed);
    },
  });
  return committed.replayed;
}

function record(
  tx: Transaction,
  { user_id, brane_id, target, origin }: Moderates,
  action: AuditAction,
  now: number,
  more: { readonly reason?: string; readonly details?: Readonly<Record<string, string | null>> } = {},
): void {
  recordAudit(tx, {
    ...origin,
    action,
    actor: { kind: 'user', id: user_id },
    target: { kind: 'user', id: target },
    brane_id,
    ...more,
    at: now,
  });
}
