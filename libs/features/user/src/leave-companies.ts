import { recordAudit, SYSTEM_ACTOR } from '@state-server/audit';
import { leaveForGood, type OperationStep, reachCompany, type StepOutcome } from '@state-server/commit';
import type { UserOperationDeps } from './user-deps';

/**
 * Takes whoever is gone out of the next of his companies, in one transaction with the step: where he was the last owner,
 * somebody else becomes it; where he was alone, the company is gone. Its branes hear of it by an operation of their own.
 */
export async function leaveNextCompany(
  { store, environment }: UserOperationDeps,
  step: OperationStep,
): Promise<StepOutcome> {
  const { user_id, progress } = step.operation;
  const now = environment.clock.now();
  const at = new Date(now).toISOString();
  return store.transact({ label: 'user.leave_company' }, async (tx) => {
    const [membership] = await tx.range('company_members', { index: 'by_user', prefix: [user_id], limit: 1 });
    const stage = membership ? 'companies' : 'branes';
    const outcome: StepOutcome = { kind: 'more', cursor: { stage }, progress };
    if (membership) {
      const { company_id } = membership;
      const left = await leaveForGood(tx, company_id, user_id, at);
      if (left) {
        const operation_id = step.derivedId(`company ${company_id}`);
        const op_id = step.opId;
        reachCompany(tx, { company_id, user_id, operation_id, op_id, gone: user_id, at });
        const act = { actor: SYSTEM_ACTOR, company_id, at: now } as const;
        recordAudit(tx, { ...act, action: 'company.member_removed', target: { kind: 'user', id: user_id } });
        if (left.heir) {
          recordAudit(tx, { ...act, action: 'company.transferred', target: { kind: 'user', id: left.heir } });
        }
      }
    }
    await step.advanceIn(tx, outcome);
    return outcome;
  });
}
