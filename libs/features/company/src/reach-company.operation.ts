import {
  COMPANY_REACH,
  type BraneView,
  type OperationData,
  type OperationKind,
  type OperationStep,
  readBraneIn,
  readCompanyIn,
  type StepOutcome,
  SYSTEM_USER,
} from '@state-server/commit';
import {
  asBraneId,
  asCompanyId,
  asUserId,
  type BraneChange,
  type BraneCompany,
  type BraneId,
  type CompanyId,
  LIMITS,
  type UserId,
} from '@state-server/domain';
import type { CompanyDoc, ReadTransaction, Transaction } from '@state-server/persistence-port';
import { fail, StateError } from '@state-server/protocol';
import type { CompanyDeps } from './company-deps';
import { handBack } from './hand-back';

/** Branes of one step, and how many of them at the same time: each is an entry of another log. */
const BRANES_PER_STEP = 40;
const AT_ONCE = 10;
/** Records that are cleared in one transaction. */
const RECORDS = 200;
/** Looks at a brane that others change at the same time. */
const ATTEMPTS = 10;

type Deps = Pick<CompanyDeps, 'store' | 'committer'>;

/**
 * Brings what every brane of a company knows of it to what the company is when the brane's turn comes: so any number of
 * these may run at once, and be cut off anywhere. Of a company that is gone the branes are handed back.
 */
export function reachCompanyKind(deps: Deps): OperationKind {
  return { kind: COMPANY_REACH, step: (step) => reachSome(deps, step) };
}

async function reachSome(deps: Deps, step: OperationStep): Promise<StepOutcome> {
  const { input, cursor, progress } = step.operation;
  const company_id = asCompanyId(textIn(input, 'company_id') ?? '');
  const gone = textIn(input, 'gone');
  const after = cursor && textIn(cursor, 'after');
  const branes = await deps.store.read({ label: 'company.reach' }, (tx) =>
    tx.range('branes', {
      ...{ index: 'by_company', prefix: [company_id], limit: BRANES_PER_STEP },
      ...(after === undefined ? {} : { gt: [asBraneId(after)] }),
    }),
  );
  const waiting = branes.map(({ id }) => id);
  const reach = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (step.signal?.aborted) throw fail('gateway.draining');
      await reachBrane(deps, step, {
        brane_id: id,
        company_id,
        gone: gone === undefined ? undefined : asUserId(gone),
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, reach));
  const done = { done: progress.done + branes.length };
  const last = branes.at(-1);
  const isLast = branes.length < BRANES_PER_STEP || !last;
  const outcome: StepOutcome = isLast
    ? { kind: 'done', result: { branes: done.done }, progress: done }
    : { kind: 'more', cursor: { after: last.id }, progress: done };
  return deps.store.transact({ label: 'company.reach' }, async (tx) => {
    const isCleared = !isLast || (await clearRecords(tx, company_id));
    // What is left of a company that is gone may take more than one transaction.
    const settled: StepOutcome = isCleared ? outcome : { kind: 'more', cursor: cursor ?? {}, progress };
    await step.advanceIn(tx, settled);
    return settled;
  });
}

function textIn(data: OperationData, name: string): string | undefined {
  const value = data[name];
  return typeof value === 'string' ? value : undefined;
}

interface Reached {
  readonly brane_id: BraneId;
  readonly company_id: CompanyId;
  readonly gone: UserId | undefined;
}

async function reachBrane(deps: Deps, step: OperationStep, reached: Reached): Promise<void> {
  const { brane_id } = reached;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await deps.store.read({ label: 'company.reach' }, (tx) => lookAt(tx, reached));
    if (!found || found.changes.length === 0) return;
    const { view, company, changes } = found;
    try {
      await deps.committer.administer({
        brane_id,
        actor: { kind: 'system', user_id: SYSTEM_USER },
        // The same for the same entry: what was committed and not heard of is found again (I1).
        op_id: asOp(step, `${brane_id} ${view.version} ${JSON.stringify(changes)}`),
        operation_id: step.operation.id,
        ops: changes,
        if_version: view.version,
        also: (tx, { replayed }) => (replayed ? undefined : assertSame(tx, company)),
      });
      return;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      if (error.code === 'brane.deleted' || error.code === 'brane.not_found') return;
      if (error.code !== 'precondition.failed' && error.code !== 'company.changed') throw error;
    }
  }
  throw fail('commit.conflict');
}

function asOp(step: OperationStep, name: string): OperationStep['opId'] {
  return step.derivedId(name) as OperationStep['opId'];
}

interface Found {
  readonly view: BraneView;
  readonly company: CompanyDoc | undefined;
  readonly changes: readonly BraneChange[];
}

async function lookAt(
  tx: ReadTransaction,
  { brane_id, company_id, gone }: Reached,
): Promise<Found | undefined> {
  const view = await readBraneIn(tx, brane_id);
  if (view?.meta.company?.id !== company_id) return undefined;
  if (view.meta.status !== 'live' && view.meta.status !== 'deleted') return undefined;
  const company = await tx.get('companies', [company_id]);
  const now = await readCompanyIn(tx, company_id);
  if (!now) {
    const members = await tx.range('members', { prefix: [brane_id], limit: LIMITS.members_per_brane });
    return { view, company, changes: handBack(view.meta, await heirOf(tx, company), members) };
  }
  const known: BraneCompany = view.meta.company;
  const leaves = gone && now.roleOf(gone) === undefined && Object.hasOwn(view.meta.members, gone);
  return {
    view,
    company,
    changes: [
      ...(isSame(known, now.inBranes) ? [] : [{ op: 'set_brane', company: now.inBranes } as const]),
      ...(leaves ? [{ op: 'set_member', user_id: gone, role: null } as const] : []),
    ],
  };
}

function isSame({ members: one }: BraneCompany, { members: other }: BraneCompany): boolean {
  const ids = Object.keys(one) as UserId[];
  return ids.length === Object.keys(other).length && ids.every((id) => one[id] === other[id]);
}

async function heirOf(tx: ReadTransaction, company: CompanyDoc | undefined): Promise<UserId | undefined> {
  const user = company?.heir && (await tx.get('users', [company.heir]));
  return user && user.deleted_at === undefined ? user.id : undefined;
}

/** Of a change of the company and the entry, one sees the other. */
async function assertSame(tx: Transaction, company: CompanyDoc | undefined): Promise<void> {
  if (!company) return;
  tx.guard('companies', [company.id]);
  const now = await tx.get('companies', [company.id]);
  if (now?.version !== company.version) throw fail('company.changed');
}

/** Of a company that is gone: who was in it, and who was invited. True when nothing is left. */
async function clearRecords(tx: Transaction, id: CompanyId): Promise<boolean> {
  const company = await tx.get('companies', [id]);
  if (company?.deleted_at === undefined) return true;
  const members = await tx.range('company_members', { prefix: [id], limit: RECORDS });
  for (const { user_id } of members) tx.delete('company_members', [id, user_id]);
  const invitations = await tx.range('company_invitations', {
    index: 'by_company',
    prefix: [id],
    limit: RECORDS,
  });
  for (const invitation of invitations) tx.delete('company_invitations', [invitation.id]);
  return members.length < RECORDS && invitations.length < RECORDS;
}
