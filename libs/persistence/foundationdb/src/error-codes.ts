/**
 * What an error of FoundationDB means to one call:
 * - `again`: the same question may be asked again after a pause, of the same snapshot;
 * - `conflict`: somebody changed what was guarded; nothing was written, and a fresh attempt may succeed;
 * - `fresh`: nothing was written, and a fresh attempt on a fresh snapshot may succeed;
 * - `unknown`: the commit may have happened, or may still happen;
 * - `too_large`: over a limit of the database; nothing was written;
 * - `away`: the cluster does not answer, or will not for now; nothing was written;
 * - `fatal`: the client of this process is of no more use.
 */
export type Meaning = 'again' | 'conflict' | 'fresh' | 'unknown' | 'too_large' | 'away' | 'fatal';

export type Call = 'snapshot' | 'read' | 'commit';

interface Row {
  readonly name: string;
  /** While a read version is fetched: nothing was read yet, so everything that passes is worth another question. */
  readonly snapshot: Meaning;
  readonly read: Meaning;
  readonly commit: Meaning;
}

const row = (name: string, snapshot: Meaning, read: Meaning, commit: Meaning): Row => ({
  ...{ name, snapshot, read, commit },
});

/*
 * Codes and names from flow/error_definitions.h of FoundationDB 7.3; what is retryable, and what may have been committed,
 * from fdb_error_predicate (bindings/c/fdb_c.cpp): RETRYABLE_NOT_COMMITTED is `again`, `fresh` or `conflict` here, MAYBE_COMMITTED is
 * `unknown` at a commit. Where we are more careful than that predicate, the remark says why.
 */
const ROWS: ReadonlyMap<number, Row> = new Map([
  // RETRYABLE_NOT_COMMITTED
  [1007, row('transaction_too_old', 'again', 'fresh', 'fresh')],
  [1009, row('future_version', 'again', 'again', 'fresh')],
  [1020, row('not_committed', 'again', 'fresh', 'conflict')],
  [1037, row('process_behind', 'again', 'again', 'fresh')],
  [1042, row('commit_proxy_memory_limit_exceeded', 'again', 'fresh', 'fresh')],
  [1051, row('batch_transaction_throttled', 'again', 'fresh', 'fresh')],
  [1078, row('grv_proxy_memory_limit_exceeded', 'again', 'fresh', 'fresh')],
  [1213, row('tag_throttled', 'again', 'fresh', 'fresh')],
  [1223, row('proxy_tag_throttled', 'again', 'fresh', 'fresh')],
  // Retryable to the predicate, but a lock (a restore, a switch of regions) lasts minutes: words are worth more.
  [1038, row('database_locked', 'away', 'away', 'away')],
  // MAYBE_COMMITTED
  [1021, row('commit_unknown_result', 'again', 'fresh', 'unknown')],
  [1039, row('cluster_version_changed', 'again', 'fresh', 'unknown')],
  // Not retryable to the predicate, but a commit that was sent may have arrived.
  [1022, row('commit_unknown_result_fatal', 'away', 'away', 'unknown')],
  [1025, row('transaction_cancelled', 'away', 'away', 'unknown')],
  [1030, row('request_maybe_delivered', 'again', 'fresh', 'unknown')],
  [1031, row('transaction_timed_out', 'away', 'away', 'unknown')],
  [1100, row('broken_promise', 'again', 'fresh', 'unknown')],
  [1101, row('operation_cancelled', 'away', 'away', 'unknown')],
  // Over a limit: above the common limits of all stores, so that they are met only by mistake.
  [2101, row('transaction_too_large', 'too_large', 'too_large', 'too_large')],
  [2102, row('key_too_large', 'too_large', 'too_large', 'too_large')],
  [2103, row('value_too_large', 'too_large', 'too_large', 'too_large')],
  // The cluster cannot be reached as the client is configured.
  [1515, row('no_cluster_file_found', 'away', 'away', 'away')],
  [1516, row('file_too_large', 'away', 'away', 'away')],
  [2104, row('connection_string_invalid', 'away', 'away', 'away')],
  [2107, row('tls_error', 'away', 'away', 'unknown')],
  [2130, row('tenant_name_required', 'away', 'away', 'away')],
  [2124, row('all_external_clients_failed', 'away', 'away', 'away')],
  [2125, row('incompatible_client', 'away', 'away', 'away')],
  // The client's network thread is not there or has ended: only a new process has another one.
  [1043, row('shutdown_in_progress', 'fatal', 'fatal', 'unknown')],
  [2008, row('network_not_setup', 'fatal', 'fatal', 'fatal')],
  [2025, row('network_cannot_be_restarted', 'fatal', 'fatal', 'fatal')],
  [4000, row('unknown_error', 'fatal', 'fatal', 'unknown')],
  [4100, row('internal_error', 'fatal', 'fatal', 'unknown')],
]);

/** What is in no row: of a read, no answer; of a commit, nobody knows. */
const OTHER: Row = row('error', 'away', 'away', 'unknown');

export const KNOWN_CODES: readonly number[] = [...ROWS.keys()];

export function meaningOf(code: number, call: Call): Meaning {
  return (ROWS.get(code) ?? OTHER)[call];
}

/** The client is of no more use after this error, whatever became of the call. */
export const endsClient = (code: number): boolean => meaningOf(code, 'read') === 'fatal';

/** `transaction_too_old (1007)`, for logs and messages. */
export const nameOfCode = (code: number): string => `${(ROWS.get(code) ?? OTHER).name} (${code})`;
