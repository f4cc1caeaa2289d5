import { fork } from 'node:child_process';
import { checkStore, type Fault, messageOf, type StoreReport } from './check-store';

const WORKER_FLAG = 'STORE_CHECK_WORKER';
/** Without a word for so long, the walk goes round in circles. */
const SILENT_MS = 30_000;

type Message =
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'progress'; readonly where: string }
  | { readonly kind: 'report'; readonly report: StoreReport }
  | { readonly kind: 'failed'; readonly message: string };

export interface Checked {
  /** Undefined where the check could not be ended. */
  readonly report: StoreReport | undefined;
  readonly faults: number;
}

export interface GuardedCheckOptions {
  readonly path: string;
  readonly onFault: (fault: Fault) => void;
  readonly onProgress?: (where: string) => void;
  /** The program that calls `runCheckWorker` when `isCheckWorker`; default: the one that runs. */
  readonly program?: string;
  readonly silentMs?: number;
}

/**
 * `checkStore` in a process of its own: a damaged file can end whoever reads it (it is read as memory), or send the walk
 * round in circles. Both are faults like others, and tell where it was.
 */
export async function guardedCheck(options: GuardedCheckOptions): Promise<Checked> {
  const { path, onFault, onProgress, program = process.argv[1] ?? '', silentMs = SILENT_MS } = options;
  let faults = 0;
  let where = 'its beginning';
  const end: { report?: StoreReport; failure?: string; silent?: true } = {};
  const tell = (fault: Fault): void => {
    faults += 1;
    onFault(fault);
  };
  const env = { ...process.env, [WORKER_FLAG]: path };
  const child = fork(program, [], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2_000)));
  const stop = (): void => {
    end.silent = true;
    child.kill('SIGKILL');
  };
  let patience = setTimeout(stop, silentMs);
  child.on('message', (message: Message) => {
    clearTimeout(patience);
    patience = setTimeout(stop, silentMs);
    if (message.kind === 'fault') tell(message.fault);
    else if (message.kind === 'report') end.report = message.report;
    else if (message.kind === 'failed') end.failure = message.message;
    else {
      where = message.where;
      onProgress?.(where);
    }
  });
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    // `close`, not `exit`: what it said before is heard by then.
    child.once('close', (...how) => resolve(how));
  });
  clearTimeout(patience);
  if (end.failure !== undefined) throw new Error(end.failure);
  if (!end.report) {
    const how = end.silent ? 'goes round in circles' : `ended whoever read it (${signal ?? `exit ${code}`})`;
    const last = words.trim().split('\n').at(-1) ?? '';
    const message = `the store ${how} at ${where}${last && `: ${last}`}; its file is damaged: restore a backup`;
    tell({ kind: 'file', record: path, message });
  }
  return { report: end.report, faults };
}

export function isCheckWorker(): boolean {
  return process.env[WORKER_FLAG] !== undefined;
}

/** The other side: everything found goes to the parent as it is found. */
export async function runCheckWorker(): Promise<number> {
  const path = process.env[WORKER_FLAG] ?? '';
  const send = (message: Message): Promise<void> =>
    new Promise((resolve) => void process.send?.(message, undefined, undefined, () => resolve()));
  try {
    const report = await checkStore({
      path,
      onFault: (fault) => void send({ kind: 'fault', fault }),
      onProgress: (where) => void send({ kind: 'progress', where }),
    });
    await send({ kind: 'report', report });
  } catch (error) {
    await send({ kind: 'failed', message: messageOf(error) });
  }
  process.disconnect();
  return 0;
}
