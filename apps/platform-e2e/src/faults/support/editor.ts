import { type Client, createClient, type LiveBrane, StateError, type WireFormat } from '@state-server/client';
import { type BraneId, compose, type ObjectId, type Random, type UserId } from '@state-server/domain';
import { nextInt, pick } from '@state-server/testing';
import { WebSocket } from 'ws';
import { type Ledger } from './ledger';

export interface EditorOptions {
  readonly index: number;
  readonly origin: string;
  /** A gateway past the origin; without it the origin decides, anew at each connection. */
  readonly webSocketUrl?: string;
  readonly format: WireFormat;
  readonly ledger: Ledger;
  readonly random: Random;
}

/** Objects of one editor in one brane; from then on it edits what is there. */
const OWN_OBJECTS = 30;
const COLORS = ['red', 'green', 'blue', 'gold'];

/** One SDK user who edits his branes all the time: his own objects, and one that everybody paints. No edit of his breaks a rule. */
export class Editor {
  readonly branes = new Map<BraneId, LiveBrane>();
  readonly client: Client;
  /** Sessions that were opened, the present one last. */
  readonly sessionIds: string[] = [];
  /** Between two connections, ms: as the gateway said when it drained, otherwise the SDK's own. */
  readonly waits: number[] = [];
  private readonly own = new Map<BraneId, ObjectId[]>();

  constructor(private readonly options: EditorOptions) {
    const { origin, webSocketUrl, format, index } = options;
    this.client = createClient({
      origin,
      format,
      WebSocket,
      name: `editor ${index}`,
      ...(webSocketUrl === undefined ? {} : { webSocketUrl }),
    });
    this.client.events.on('error', (error) => this.complain(`an error: ${error.code} ${error.message}`));
    this.client.events.on('connection', (status) => {
      if (status.state === 'open') this.sessionIds.push(status.sessionId);
      if (status.state === 'waiting') this.waits.push(status.retryInMs);
      if (status.state === 'closed' && status.error) this.complain(`gave up: ${status.error.code}`);
    });
  }

  async signIn(): Promise<UserId> {
    return (await this.client.signInDev(`Editor ${this.options.index}`)).id as UserId;
  }

  async join(braneId: BraneId): Promise<void> {
    const brane = await this.client.join(braneId);
    this.branes.set(braneId, brane);
    this.own.set(braneId, []);
    this.watch(brane);
  }

  /** One edit in one brane. */
  act(braneId: BraneId): void {
    const brane = this.branes.get(braneId);
    if (!brane) throw new Error(`editor ${this.options.index} has not joined ${braneId}`);
    const { ledger, index } = this.options;
    try {
      const handle = this.perform(brane, this.own.get(braneId) ?? []);
      const edit = ledger.record({ opId: handle.opId, braneId, editor: index });
      void handle.saved.then(
        (at) => ledger.settled(edit, { kind: 'saved', at, after: performance.now() - edit.madeAt }),
        (error: unknown) => {
          const code = error instanceof StateError ? error.code : String(error);
          ledger.settled(edit, { kind: 'refused', code });
          this.forget(braneId, handle);
        },
      );
    } catch (error) {
      this.complain(`an edit was refused at once: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  close(): void {
    this.client.close();
  }

  /** An object whose creation was refused (too old to be told from a repetition, say) is not there to be edited. */
  private forget(braneId: BraneId, refused: object): void {
    const own = this.own.get(braneId);
    if (own && 'id' in refused)
      this.own.set(
        braneId,
        own.filter((id) => id !== refused.id),
      );
  }

  private perform(brane: LiveBrane, own: ObjectId[]) {
    const { random, index } = this.options;
    if (own.length < OWN_OBJECTS) {
      const made = brane.create({ kind: 'block', parent_id: brane.id, name: `${index}/${own.length}` });
      own.push(made.id);
      return made;
    }
    const id = pick(random, own);
    switch (nextInt(random, 10)) {
      case 0:
        own.splice(own.indexOf(id), 1);
        return brane.delete(id);
      case 1:
      case 2:
        return brane.update(id, { '/name': `${index} ${nextInt(random, 1_000)}` });
      case 3:
        return brane.update(brane.id, { '/properties/color': pick(random, COLORS) });
      case 4:
      case 5:
        return brane.update(id, { '/properties/color': pick(random, COLORS) });
      default:
        return brane.transform(
          id,
          compose({
            translation: [random.next() * 10, 0, random.next() * 10],
            rotation: [0, 0, 0, 1],
            scale: [1, 1, 1],
          }),
        );
    }
  }

  private watch(brane: LiveBrane): void {
    const { ledger, index } = this.options;
    let last = brane.position?.seq ?? 0;
    let { snapshots } = brane.stats;
    brane.events.on('entry', ({ opId, seq }) => {
      const skipped = seq !== last + 1 && (seq <= last || brane.stats.snapshots === snapshots);
      if (skipped) this.complain(`was shown seq ${seq} after ${last}`);
      last = seq;
      snapshots = brane.stats.snapshots;
      ledger.saw(index, brane.id, { opId, seq });
    });
    brane.events.on('left', ({ reason }) => this.complain(`was put out of a brane: ${reason}`));
    // The acknowledgement itself, before the SDK makes anything of it: what it says must still be true in the end.
    const receive = brane.receive.bind(brane);
    brane.receive = (frame) => {
      if (frame.type === 'brane.ack') {
        ledger.made.get(frame.op_id)?.acks.push({ epoch: frame.epoch, seq: frame.seq });
      }
      receive(frame);
    };
  }

  private complain(words: string): void {
    this.options.ledger.complaints.push(`editor ${this.options.index} ${words}`);
  }
}
