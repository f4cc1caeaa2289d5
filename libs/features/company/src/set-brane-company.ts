import { type AuditBy, recordAudit } from '@state-server/audit';
import {
  type BraneView,
  type CompanyView,
  readBrane,
  readBraneIn,
  readCompanyIn,
  withResult,
} from '@state-server/commit';
import {
  asUser,
  type BraneChange,
  type BraneCompany,
  type BraneId,
  type BraneMeta,
  companyCan,
  type CompanyId,
  type OpId,
  type UserId,
} from '@state-server/domain';
import type { Transaction } from '@state-server/persistence-port';
import { assertCan, fail, StateError } from '@state-server/protocol';
import type { Also, CompanyDeps } from './company-deps';

export interface SetBraneCompany {
  readonly user_id: UserId;
  readonly brane_id: BraneId;
  /** Null: it leaves its company, and is the user's own. */
  readonly company_id: CompanyId | null;
  readonly op_id: OpId;
  readonly from: AuditBy;
  readonly also?: Also<MovedBrane>;
}

export interface MovedBrane {
  readonly view: BraneView;
  readonly replayed: boolean;
}

/** How often it is looked again, when the company changes at the same time. */
const ATTEMPTS = 5;

/**
 * Gives a brane to a company, to another one, or takes it out, in one entry of its log. Who owns the brane may, and who runs
 * the companies between which it goes. Throws `brane.not_found`, `brane.deleted`, `permission.denied`, `company.not_found`,
 * `company.changed`, and what a commit may throw.
 */
export async function setBraneCompany(deps: CompanyDeps, input: SetBraneCompany): Promise<MovedBrane> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryOnce(deps, input);
    } catch (error) {
      const passes =
        error instanceof StateError &&
        (error.code === 'company.changed' || error.code === 'precondition.failed');
      if (!passes) throw error;
      if (attempt === ATTEMPTS) throw fail('company.changed');
    }
  }
}

async function tryOnce(deps: CompanyDeps, input: SetBraneCompany): Promise<MovedBrane> {
  const { brane_id, user_id, op_id, company_id } = input;
  const before = await readBrane(deps.store, brane_id);
  const { company, from } = await deps.store.read({ label: 'company.of_brane' }, async (tx) => ({
    company: company_id === null ? undefined : await readCompanyIn(tx, company_id),
    from: before?.meta.company ? await readCompanyIn(tx, before.meta.company.id) : undefined,
  }));
  if (!before) throw fail('brane.not_found', { id: brane_id });
  assertMayMove(before.meta, input, company, from);
  const ops = changesFor(before.meta, user_id, company);
  return withResult(
    (also) =>
      deps.committer.administer({
        ...{ brane_id, op_id, ops, also },
        actor: { kind: 'user', user_id },
        if_version: before.version,
      }),
    async (tx, { replayed, at }) => {
      if (!replayed) {
        await assertSame(tx, company);
        const details = { company_id, before: before.meta.company?.id ?? null };
        const target = { kind: 'brane', id: brane_id } as const;
        const concerned = company_id ?? before.meta.company?.id;
        recordAudit(tx, {
          ...{ ...input.from, action: 'company.brane_set', target, brane_id, details, at: Date.parse(at) },
          ...(concerned && { company_id: concerned }),
        });
      }
      const view = await readBraneIn(tx, brane_id);
      if (!view) throw fail('brane.not_found', { id: brane_id });
      return { view, replayed };
    },
    input.also,
  );
}

function assertMayMove(
  meta: BraneMeta,
  { user_id, brane_id: id, company_id }: SetBraneCompany,
  company: CompanyView | undefined,
  from: CompanyView | undefined,
): void {
  assertCan(asUser(user_id), 'brane.delete', meta, { details: { id } });
  if (meta.status !== 'live') throw fail('brane.deleted', { id });
  // What the brane knows of its company may be a moment old.
  if (meta.company && from && !companyCan(from.roleOf(user_id), 'company.own_branes')) {
    throw fail('permission.denied', { brane_id: id });
  }
  if (company_id === null) {
    if (!meta.company) throw fail('company.not_found');
    return;
  }
  const standing = company?.roleOf(user_id);
  if (!company || standing === undefined) throw fail('company.not_found', { id: company_id });
  if (!companyCan(standing, 'company.own_branes'))
    throw fail('permission.denied', { company_id, role: standing });
}

/** Out of a company, the brane is the user's; into one, its owners are what the company makes them, and editors otherwise. */
function changesFor(meta: BraneMeta, userId: UserId, company: CompanyView | undefined): BraneChange[] {
  if (!company) {
    return [
      { op: 'set_brane', company: null },
      { op: 'set_member', user_id: userId, role: 'owner' },
    ];
  }
  const inBranes: BraneCompany = company.inBranes;
  const owners = (Object.keys(meta.members) as UserId[]).filter((id) => meta.members[id] === 'owner');
  return [
    { op: 'set_brane', company: inBranes },
    ...owners.map((id): BraneChange => {
      const inherits = Object.hasOwn(inBranes.members, id);
      return { op: 'set_member', user_id: id, role: inherits ? null : 'editor' };
    }),
  ];
}

/** Of a change of the company and this one, one sees the other: otherwise the brane would be left with who was. */
async function assertSame(tx: Transaction, company: CompanyView | undefined): Promise<void> {
  if (!company) return;
  const { id, version } = company.company;
  tx.guard('companies', [id]);
  const now = await tx.get('companies', [id]);
  if (now?.version !== version || now.deleted_at !== undefined) throw fail('company.changed');
}
