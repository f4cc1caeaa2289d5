import { once } from 'node:events';
import { type BraneId, type ClientOp, type ObjectId, asOpId } from '@state-server/domain';
import { encodeFrame, PROTOCOL_VERSION, SUBPROTOCOLS } from '@state-server/protocol';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';

const ACK = Buffer.from('brane.ack');
const ERROR = Buffer.from('system.error');
/** Metres per edit: an object crosses into the next cell of the spatial index every 80 edits or so. */
const STEP = 0.05;

/** A raw socket in a brane that moves its own objects: as many edits on their way as asked, the next with every ack. */
export class Editor {
  acks = 0;
  private errors = 0;
  private messages = 0;
  private clientSeq = 0;
  private running = false;

  private constructor(
    private readonly socket: WebSocket,
    private readonly braneId: BraneId,
    private readonly objects: readonly ObjectId[],
  ) {
    socket.on('message', (data: Buffer) => {
      this.messages += 1;
      const acks = occurrences(data, ACK);
      this.acks += acks;
      this.errors += occurrences(data, ERROR);
      if (this.running) for (let count = 0; count < acks; count += 1) this.send();
    });
  }

  static async join(
    gatewayUrl: string,
    ticket: string,
    braneId: BraneId,
    objects: readonly ObjectId[],
  ): Promise<Editor> {
    const url = `${gatewayUrl.replace(/^http/, 'ws')}/ws`;
    const socket = new WebSocket(url, [SUBPROTOCOLS.cbor], { perMessageDeflate: false });
    const editor = new Editor(socket, braneId, objects);
    await once(socket, 'open');
    const client = { name: 'bench', version: '1', protocol: PROTOCOL_VERSION };
    socket.send(encodeFrame({ type: 'session.hello', ticket, client }, 'cbor'));
    await until(() => editor.messages > 0, { what: 'session.welcome' });
    socket.send(encodeFrame({ type: 'brane.join', brane_id: braneId }, 'cbor'));
    await until(() => editor.messages > 1, { what: 'an answer to brane.join' });
    return editor;
  }

  /** Edits that are on their way. */
  get open(): number {
    return this.clientSeq - this.acks;
  }

  start(atOnce: number): void {
    this.running = true;
    for (let count = 0; count < atOnce; count += 1) this.send();
  }

  /** Resolves when every edit is acknowledged; rejects when one was refused. */
  async stop(): Promise<void> {
    this.running = false;
    await until(() => this.open === 0 || this.errors > 0, { what: 'the last acks' });
    if (this.errors > 0) throw new Error('the gateway refused an edit');
  }

  close(): void {
    this.socket.terminate();
  }

  private send(): void {
    const turn = this.clientSeq;
    const id = this.objects[turn % this.objects.length];
    if (!id) throw new Error('an editor needs an object');
    this.clientSeq += 1;
    const x = Math.floor(turn / this.objects.length) * STEP;
    const transform = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, x, 0, 0, 1);
    const ops: ClientOp[] = [{ op: 'transform', id, transform }];
    const op_id = asOpId(crypto.randomUUID());
    const frame = {
      type: 'brane.edit',
      brane_id: this.braneId,
      op_id,
      client_seq: this.clientSeq,
      ops,
    } as const;
    this.socket.send(encodeFrame(frame, 'cbor'));
  }
}

function occurrences(bytes: Buffer, text: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) count += 1;
  return count;
}
