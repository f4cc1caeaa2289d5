import { type Client, createClient } from '@state-server/client';
import { asBraneId, type BraneId } from '@state-server/domain';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { type FaultSystem } from './fault-system';
import { FrameSocket } from './frame-socket';
import { type At } from './ledger';
import { readLog } from './log-checks';

/** Sends edits without the SDK, and the same again much later, as a client that was offline for long does (I4). */
export class Resender {
  private socket: FrameSocket | undefined;
  private clientSeq = 0;
  private from: At = { epoch: '', seq: 0 };
  private readonly opIds: readonly string[];

  private constructor(
    private readonly url: string,
    private readonly client: Client,
    private readonly token: () => string,
    private readonly braneId: BraneId,
    edits: number,
  ) {
    this.opIds = Array.from({ length: edits }, () => crypto.randomUUID());
  }

  static async open(system: FaultSystem, edits: number): Promise<Resender> {
    const client = createClient({ origin: system.origin, WebSocket });
    let token = '';
    client.events.on('tokens', (set) => (token = set?.access_token ?? ''));
    await client.signInDev('Resender');
    const { id } = await client.rest.createBrane({ name: 'sent again' });
    const url = `${system.origin.replace(/^http/, 'ws')}/ws`;
    return new Resender(url, client, () => token, asBraneId(id), edits);
  }

  /** All of them for the first time; resolves when each is acknowledged. */
  async sendAll(): Promise<void> {
    for (const opId of this.opIds) await this.send(opId, {});
  }

  /** The first one again and again, until it is refused; answers the code. */
  untilTooOld(): Promise<string> {
    const [opId = ''] = this.opIds;
    return until(
      async () => {
        const answer = await this.send(opId, { again: true, first_sent: this.from });
        return answer !== 'brane.ack' && answer;
      },
      { timeoutMs: 45_000, everyMs: 200, what: 'a repetition to be too old' },
    );
  }

  /** One that was never sent before. */
  sendNew(): Promise<string> {
    return this.send(crypto.randomUUID(), {});
  }

  /** How often the edits stand in the log. */
  async timesInLog(): Promise<ReadonlySet<number>> {
    const log = await readLog(this.client, this.braneId);
    return new Set(this.opIds.map((opId) => log.filter((entry) => entry.op_id === opId).length));
  }

  close(): void {
    this.socket?.close();
    this.client.close();
  }

  /** Answers `brane.ack`, or the code of the refusal. Throws while there is no gateway. */
  private async send(opId: string, repetition: Readonly<Record<string, unknown>>): Promise<string> {
    const socket = await this.joined();
    this.clientSeq += 1;
    socket.send({
      type: 'brane.edit',
      brane_id: this.braneId,
      op_id: opId,
      client_seq: this.clientSeq,
      ops: [{ op: 'update', id: this.braneId, set: { '/properties/by': opId }, unset: [] }],
      ...repetition,
    });
    return until(
      () => {
        if (socket.closed) throw new Error('the connection was lost');
        const answer = socket.frames.find((frame) => frame['op_id'] === opId && ANSWERS.has(frame.type));
        if (!answer) return undefined;
        socket.frames.length = 0;
        return answer.type === 'system.error' ? String(answer['code']) : answer.type;
      },
      { timeoutMs: 5_000 },
    );
  }

  private async joined(): Promise<FrameSocket> {
    if (this.socket && !this.socket.closed) return this.socket;
    this.socket = await FrameSocket.session(this.url, this.token());
    this.clientSeq = 0;
    this.socket.send({ type: 'brane.join', brane_id: this.braneId });
    const { epoch, seq } = await this.socket.next('brane.synced');
    if (this.from.epoch === '') this.from = { epoch: String(epoch), seq: Number(seq) };
    return this.socket;
  }
}

const ANSWERS = new Set(['brane.ack', 'system.error']);
