import { StoreError } from '@state-server/persistence-port';
import { KvConflict, KvTransient } from '@state-server/persistence-records';

/**
 * - `conflict`: somebody else wrote the same, a fresh attempt may win;
 * - `passing`: the attempt is lost for another reason, a fresh one may succeed;
 * - `away`: no server answers: what is tried at once would fail, too;
 * - `full`, `refused`: known, and not mended by trying again.
 * Whatever is not in the tables is an error that nobody foresaw: nothing was committed, and it is not tried again.
 */
type FailureKind = 'conflict' | 'passing' | 'away' | 'full' | 'refused';

/** By the server's code. Texts and other fields differ between servers; the code is what they agree on. */
const BY_CODE: Readonly<Record<number, FailureKind>> = {
  112: 'conflict', // WriteConflict
  11000: 'conflict', // DuplicateKey: what is to be made was not there in the snapshot
  11001: 'conflict', // DuplicateKey on update, of older servers
  24: 'conflict', // LockTimeout
  46: 'conflict', // LockBusy
  246: 'passing', // SnapshotUnavailable
  251: 'passing', // NoSuchTransaction: the server has given it up
  225: 'passing', // TransactionTooOld
  256: 'passing', // TransactionCommitted, of a session that the server confuses
  263: 'passing', // OperationNotSupportedInTransaction: a collection is being made at this moment
  290: 'passing', // TransactionExceededLifetimeLimitSeconds
  239: 'passing', // SnapshotTooOld
  6: 'passing', // HostUnreachable
  7: 'passing', // HostNotFound
  89: 'passing', // NetworkTimeout
  91: 'passing', // ShutdownInProgress
  189: 'passing', // PrimarySteppedDown
  262: 'passing', // ExceededTimeLimit
  317: 'passing', // ConnectionPoolExpired
  9001: 'passing', // SocketException
  10058: 'passing', // LegacyNotPrimary
  10107: 'passing', // NotWritablePrimary
  11600: 'passing', // InterruptedAtShutdown
  11602: 'passing', // InterruptedDueToReplStateChange
  13388: 'passing', // StaleConfig
  13435: 'passing', // NotPrimaryNoSecondaryOk
  13436: 'passing', // NotPrimaryOrSecondary
  50: 'away', // MaxTimeMSExpired: it had all the time that an attempt has
  14031: 'full', // OutOfDiskSpace
  13: 'refused', // Unauthorized
  18: 'refused', // AuthenticationFailed
  8000: 'refused', // AtlasError: mostly credentials
};

const NO_SUCH_TRANSACTION = 251;

/** Of errors of the driver itself, which have no code. */
const BY_NAME: Readonly<Record<string, FailureKind>> = {
  MongoNetworkError: 'passing',
  MongoNetworkTimeoutError: 'away',
  MongoPoolClearedError: 'passing',
  MongoPoolClosedError: 'away',
  PoolClearedOnNetworkError: 'passing',
  MongoServerClosedError: 'passing',
  MongoServerSelectionError: 'away',
  MongoTopologyClosedError: 'away',
  MongoNotConnectedError: 'away',
  MongoClientClosedError: 'away',
  MongoWaitQueueTimeoutError: 'away',
  MongoOperationTimeoutError: 'away',
};

/** For the test that the driver has them. */
export const NAMES_OF_FAILURES: readonly string[] = Object.keys(BY_NAME);

interface DriverError extends Error {
  readonly code?: unknown;
  readonly errorLabels?: unknown;
}

function hasLabel({ errorLabels }: DriverError, label: string): boolean {
  return Array.isArray(errorLabels) && errorLabels.includes(label);
}

function kindOf(error: DriverError): FailureKind | undefined {
  // The code first: a server labels conflicts and lost connections alike, and only one of them is another writer.
  const byCode = typeof error.code === 'number' ? BY_CODE[error.code] : undefined;
  const known = byCode ?? BY_NAME[error.name];
  if (known) return known;
  // A bulk write hides the driver's own errors: what is left of a lost connection is a text.
  if (error.name === 'MongoBulkWriteError' && typeof error.code !== 'number') return 'passing';
  return hasLabel(error, 'TransientTransactionError') ? 'passing' : undefined;
}

const WORDS: Readonly<Record<Exclude<FailureKind, 'conflict'>, string>> = {
  passing: 'MongoDB lost the transaction',
  away: 'MongoDB does not answer',
  full: 'the disk of MongoDB is full',
  refused: 'MongoDB refuses what this service asks: its user lacks a right',
};

/** What an operation before the commit failed for: certainly nothing was committed. */
export function failureOf(cause: unknown): KvConflict | KvTransient | StoreError {
  if (cause instanceof KvConflict || cause instanceof KvTransient || cause instanceof StoreError)
    return cause;
  if (!(cause instanceof Error)) return unavailable('MongoDB failed', cause);
  const kind = kindOf(cause);
  if (kind === 'conflict') return new KvConflict();
  if (kind === undefined) return unavailable(`MongoDB failed unexpectedly: ${cause.message}`, cause);
  const error = unavailable(WORDS[kind], cause);
  return kind === 'passing' ? new KvTransient(error) : error;
}

/**
 * Whether a commit that failed has certainly not happened. Only where the server says that somebody else was faster: the
 * driver asks again by itself, and an answer to the second question (251: there is no such transaction) says nothing about
 * the first, to which the answer was lost. The transaction's own record tells.
 */
export function isRefusedCommit(cause: unknown): boolean {
  return cause instanceof Error && (cause as DriverError).code === 112;
}

/** Whether the same question may find an answer at once: a server is there, and the transaction may be, too. */
export function isWorthAsking(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as DriverError;
  return code !== NO_SUCH_TRANSACTION && failureOf(cause) instanceof KvTransient;
}

function unavailable(message: string, cause: unknown): StoreError {
  return new StoreError('unavailable', message, { cause });
}
