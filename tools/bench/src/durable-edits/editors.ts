import { createClient } from '@state-server/client';
import { asBraneId, asObjectId, type ClientOp, type ObjectId } from '@state-server/domain';
import { WebSocket } from 'ws';
import { cpuSecondsOf } from '../cpu';
import { Editor } from './editor';

export interface GatewayProcess {
  readonly url: string;
  readonly pid: number;
}

export interface Measured {
  /** Acknowledged, and so durable. */
  readonly edits: number;
  readonly seconds: number;
  /** Of all gateways that the editors are at. */
  readonly cpuSeconds: number;
}

export interface EditorsPlan {
  readonly origin: string;
  readonly editors: number;
  readonly branes: number;
  readonly gateways: readonly GatewayProcess[];
  /** Edits of one editor that are on their way at a time. */
  readonly atOnce: number;
}

const OBJECTS_PER_EDITOR = 12;
/** Until batches and compiled code are as they will stay. */
const WARM_UP_MS = 1_000;

/** Raw sockets that edit, evenly over branes and gateways; each brane is of a user of its own. */
export class Editors {
  private constructor(
    private readonly all: readonly Editor[],
    private readonly plan: EditorsPlan,
  ) {}

  static async open(plan: EditorsPlan): Promise<Editors> {
    const all: Editor[] = [];
    const perBrane = plan.editors / plan.branes;
    for (let brane = 0; brane < plan.branes; brane += 1)
      all.push(...(await openBrane(plan, brane, perBrane)));
    return new Editors(all, plan);
  }

  /** All edits of the time. The last ones may still be on their way when it answers. */
  async measure(ms: number): Promise<Measured> {
    for (const editor of this.all) editor.start(this.plan.atOnce);
    await pause(WARM_UP_MS);
    const [edits, cpu, start] = [this.acks(), this.cpu(), performance.now()];
    await pause(ms);
    const measured = {
      edits: this.acks() - edits,
      cpuSeconds: this.cpu() - cpu,
      seconds: (performance.now() - start) / 1_000,
    };
    await Promise.all(this.all.map((editor) => editor.stop()));
    return measured;
  }

  acks(): number {
    return this.all.reduce((sum, editor) => sum + editor.acks, 0);
  }

  close(): void {
    for (const editor of this.all) editor.close();
  }

  private cpu(): number {
    return this.plan.gateways.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0);
  }
}

async function openBrane({ origin, gateways }: EditorsPlan, brane: number, count: number): Promise<Editor[]> {
  const client = createClient({ origin, WebSocket });
  try {
    await client.signInDev(`Editor ${brane}`);
    const { id } = await client.rest.createBrane({ name: 'durable edits', visibility: 'private' });
    const braneId = asBraneId(id);
    const joined = await client.join(braneId);
    const opened: Editor[] = [];
    for (let index = 0; index < count; index += 1) {
      const objects: ObjectId[] = Array.from({ length: OBJECTS_PER_EDITOR }, () =>
        asObjectId(crypto.randomUUID()),
      );
      const create = (object: ObjectId): ClientOp => ({
        op: 'create',
        object: { kind: 'block', id: object, parent_id: braneId },
      });
      await joined.edit(objects.map(create)).saved;
      const gateway = gateways[index % gateways.length];
      if (!gateway) throw new Error('there is no gateway');
      const answer = await client.request({ method: 'POST', path: '/websocket/ticket' });
      const { ticket } = answer.body as { ticket: string };
      opened.push(await Editor.join(gateway.url, ticket, braneId, objects));
    }
    return opened;
  } finally {
    client.close();
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
