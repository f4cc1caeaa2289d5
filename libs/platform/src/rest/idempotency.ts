import { type Environment, type OpId, type UserId, asOpId, isUuid } from '@state-server/domain';
import type { IdempotencyKeyDoc, Store, Transaction } from '@state-server/persistence-port';
import { HEADERS, StateError, decodeCbor, encodeCbor, fail } from '@state-server/protocol';
import type { Answer } from './answer';
import { derivedUuid, requestFingerprint } from './fingerprint';

/** How long a key is remembered at least, ms. */
const KEY_LIFETIME_MS = 24 * 60 * 60 * 1_000;

export interface IdempotencyDeps {
  readonly store: Store;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
}

export interface KeyedRequest {
  readonly user_id: UserId;
  /** Absent where the client sent none and need not. */
  readonly key?: string;
  readonly method: string;
  readonly path: string;
  /** Decoded. */
  readonly body: unknown;
}

/** What the effect needs so that the key is claimed with it. */
export interface Claim {
  /** The op id of the effect: the key when that is a UUID, else derived from user and key; fresh without a key. */
  readonly op_id: OpId;
  /** An id for what the request creates, the same in every attempt with this key; fresh without a key. */
  newId(purpose: string): string;
  /**
   * Records the answer under the key in the effect's own transaction; may run several times.
   * @param replayed the effect had been there before under this op id
   */
  record(tx: Transaction, answer: Answer, replayed: boolean): Promise<void>;
}

export interface KeyedWork {
  /** Whether the user may still do this: asked before an answer is replayed. Throws what is to be answered instead. */
  authorise(): Promise<void>;
  /** Does it. `replayed` when the effect had been there before under this op id. */
  execute(claim: Claim): Promise<{ readonly answer: Answer; readonly replayed: boolean }>;
}

/**
 * Runs a request at most once per (user, Idempotency-Key) (SYNC I5): the record of the answer and the effect commit in
 * one transaction, so a twin finds either nothing or everything, never "running". Whatever the loser of a race met
 * (a conflict, a version that moved on, an id that is taken now), it looks again and replays the winner's answer.
 * Throws `idempotency.key_reused` when the key stands for another request.
 */
export async function runOnce(
  deps: IdempotencyDeps,
  request: KeyedRequest,
  work: KeyedWork,
): Promise<Answer> {
  const { key, user_id } = request;
  const { ids, clock } = deps.environment;
  if (key === undefined) {
    const fresh: Claim = {
      op_id: asOpId(ids.uuid()),
      newId: () => ids.uuid(),
      record: () => Promise.resolve(),
    };
    const { answer, replayed } = await work.execute(fresh);
    return replayed ? markReplayed(answer) : answer;
  }

  const fingerprint = requestFingerprint(request.method, request.path, request.body);
  const earlier = async (): Promise<Answer | undefined> => {
    const stored = await deps.store.read({ label: 'idempotency.find' }, (tx) =>
      tx.get('idempotency_keys', [user_id, key]),
    );
    if (!stored) return undefined;
    if (stored.fingerprint !== fingerprint) throw fail('idempotency.key_reused');
    await work.authorise();
    return replay(stored);
  };

  const before = await earlier();
  if (before) return before;
  const at = clock.now();
  const claim: Claim = {
    op_id: asOpId(isUuid(key) ? key : derivedUuid('op', user_id, key)),
    newId: (purpose) => derivedUuid(purpose, user_id, key),
    record: async (tx, answer, replayed) => {
      const claimed = await tx.get('idempotency_keys', [user_id, key]);
      // A twin that was committed in the same transaction (SYNC L1) has recorded it.
      if (replayed && claimed?.fingerprint === fingerprint) return;
      if (claimed) throw fail('idempotency.key_reused');
      tx.put('idempotency_keys', toDoc(request.user_id, key, fingerprint, answer, at));
    },
  };
  try {
    const { answer, replayed } = await work.execute(claim);
    if (!replayed) return answer;
    return (await earlier()) ?? markReplayed(answer);
  } catch (error) {
    const twin = await earlier();
    if (twin) return twin;
    if (isReuseOf(error, claim.op_id)) throw fail('idempotency.key_reused');
    throw error;
  }
}

/** The op id was made from the key: then it is the key that stands for something else. */
function isReuseOf(error: unknown, opId: OpId): boolean {
  return error instanceof StateError && error.code === 'op_id.reused' && error.details?.['op_id'] === opId;
}

function toDoc(
  userId: UserId,
  key: string,
  fingerprint: string,
  answer: Answer,
  at: number,
): IdempotencyKeyDoc {
  return {
    user_id: userId,
    key,
    fingerprint,
    status: answer.status,
    headers: answer.headers,
    body: answer.body === undefined ? new Uint8Array(0) : encodeCbor(answer.body),
    at: new Date(at).toISOString(),
    expires_at: new Date(at + KEY_LIFETIME_MS).toISOString(),
  };
}

function replay(stored: IdempotencyKeyDoc): Answer {
  const { status, headers, body } = stored;
  const answer = { status, headers };
  return markReplayed(
    body.byteLength === 0 ? answer : { ...answer, body: decodeCbor(body, { integers: 'int64' }) },
  );
}

function markReplayed(answer: Answer): Answer {
  return { ...answer, headers: { ...answer.headers, [HEADERS.idempotencyReplayed]: 'true' } };
}
