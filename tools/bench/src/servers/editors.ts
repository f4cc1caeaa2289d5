import { asOpId, type BraneId, type ObjectId } from '@state-server/domain';
import { encodeFrame } from '@state-server/protocol';
import type { RawSocket } from '../load/raw-socket';
import { joinedSession } from '../load/session';

/** Below what one session may send in a second. */
const PER_EDITOR = 50;
const LATE_MS = 5;

export interface EditorsStart {
  readonly url: string;
  readonly token: string;
  readonly braneId: BraneId;
  readonly blocks: readonly ObjectId[];
  readonly perSecond: number;
}

/**
 * People who edit a brane at a steady rate, in a process of their own: what else the benchmark does must not slow them down.
 * Takes an EditorsStart, then every message lets them begin or pause in turn; each is answered by the number of edits so far.
 */
export function editors(): void {
  process.on('disconnect', () => process.exit(0));
  process.once('message', (start: EditorsStart) => void edit(start));
  process.send?.(0);
}

async function edit({ url, token, braneId, blocks, perSecond }: EditorsStart): Promise<void> {
  const count = Math.ceil(perSecond / PER_EDITOR);
  const sockets = await Promise.all(Array.from({ length: count }, () => joinedSession(url, token, braneId)));
  const numbers = sockets.map(() => 0);
  let sent = 0;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    const before = sent;
    const began = performance.now();
    timer = setInterval(() => {
      const due = before + ((performance.now() - began) * perSecond) / 1_000;
      for (; sent < due; sent += 1) {
        const at = sent % count;
        const id = blocks[Math.floor(Math.random() * blocks.length)];
        const number = (numbers[at] ?? 0) + 1;
        numbers[at] = number;
        if (id) sendEdit(sockets[at], braneId, id, number);
      }
    }, LATE_MS);
  };
  process.on('message', () => {
    if (timer) clearInterval(timer);
    if (timer) timer = undefined;
    else begin();
    process.send?.(sent);
  });
  process.send?.(sent);
}

function sendEdit(socket: RawSocket | undefined, braneId: BraneId, id: ObjectId, client_seq: number): void {
  const ops = [{ op: 'update', id, set: { '/name': `edited ${client_seq}` } }] as const;
  const op_id = asOpId(crypto.randomUUID());
  socket?.send(encodeFrame({ type: 'brane.edit', brane_id: braneId, op_id, client_seq, ops }, 'cbor'));
}
