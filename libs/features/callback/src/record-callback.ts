import type { Clock } from '@state-server/domain';
import type { JobDoc, Store, Transaction } from '@state-server/persistence-port';
import { type CallbackRequest, fail } from '@state-server/protocol';

export interface RecordCallback {
  /** The job type of the path; a job of another type is as unknown as no job. */
  readonly type: string;
  readonly webhook_id: string;
  readonly report: CallbackRequest;
}

const ENDED: ReadonlySet<JobDoc['state']> = new Set(['succeeded', 'cancelled']);

/**
 * Records what a worker reports and moves the job on, in one transaction, once for ever by (job, attempt, event): answers
 * `duplicate` when it had been recorded before. Throws `callback.job_unknown`; `callback.superseded` when the job has
 * ended or a later attempt, or another worker, has it now.
 */
export async function recordCallback(
  deps: { readonly store: Store; readonly clock: Clock },
  input: RecordCallback,
): Promise<{ readonly duplicate: boolean }> {
  const at = new Date(deps.clock.now()).toISOString();
  return deps.store.transact({ label: 'callback.record' }, (tx) => record(tx, input, at));
}

async function record(
  tx: Transaction,
  { type, webhook_id, report }: RecordCallback,
  at: string,
): Promise<{ readonly duplicate: boolean }> {
  const { job_id, attempt, event } = report;
  // Twins write the same event, different events the same job: they conflict and look again (P1).
  const [job, recorded] = await Promise.all([
    tx.get('jobs', [job_id]),
    tx.get('callback_events', [job_id, attempt, event]),
  ]);
  if (job?.type !== type) throw fail('callback.job_unknown', { job_id });
  if (recorded) return { duplicate: true };
  if (isSuperseded(job, report)) throw fail('callback.superseded', { job_id, attempt: job.attempt });
  tx.put('callback_events', { job_id, attempt, event, webhook_id, at });
  tx.put('jobs', {
    ...job,
    state: report.state,
    attempt,
    worker: report.worker,
    ...(report.result === undefined ? {} : { result: report.result }),
    updated_at: at,
  });
  return { duplicate: false };
}

/** The worker's queue counts attempts: a higher one is news, after a failure too. */
function isSuperseded(job: JobDoc, report: CallbackRequest): boolean {
  if (ENDED.has(job.state) || report.attempt < job.attempt) return true;
  if (report.attempt > job.attempt) return false;
  const taken = job.worker !== undefined && job.worker !== report.worker;
  return job.state === 'failed' || taken;
}
