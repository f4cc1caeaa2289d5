import type { BraneId, OpId, UserId } from '@state-server/domain';

/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/**
 * Long work in bounded steps (SYNC S3): not atomic, seen while it runs, and taken up again wherever it was cut off. Each step
 * and the record of how far the work has come are one transaction.
 */
export interface OperationDoc {
  readonly id: string;
  /** Which steps it takes: the registry of whoever works it off knows them. */
  readonly kind: string;
  /** Among whose operations it is listed. */
  readonly brane_id: BraneId;
  /** Who asked for it, and in whose name its steps act. */
  readonly user_id: UserId;
  /** Under which it was asked for, and of what (SYNC I1). */
  readonly op_id: OpId;
  readonly fingerprint: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** Steps that are done: the number of the next one. */
  readonly step: number;
  readonly progress: { readonly done: number; readonly total?: number };
  /** What it was asked for; never changes. */
  readonly input: Readonly<Record<string, unknown>>;
  /** Where the next step goes on; written by the step before. */
  readonly cursor?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly details?: Readonly<Record<string, unknown>>;
  };
  /** Attempts of the present step that came to nothing. */
  readonly failures?: number;
  readonly created_at: Time;
  readonly updated_at: Time;
  /** While it runs: from when on somebody may take it up. Who works on it moves it on. */
  readonly due_at?: Time;
  /** Who took it up last. */
  readonly runner?: string;
  /** Once it has ended. */
  readonly expires_at?: Time;
}
