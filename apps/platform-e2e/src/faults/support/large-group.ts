import { type Client, createClient, type LiveBrane } from '@state-server/client';
import { asBraneId, compose, type ObjectId } from '@state-server/domain';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { type FaultSystem } from './fault-system';

/** More than one transaction re-keys (SYNC S2). */
const OBJECTS = 1_100;
const OBJECTS_PER_EDIT = 100;

/** A group whose every move asks for work through the outbox: its descendants are re-keyed by jobs-runner (S2, F1). */
export class LargeGroup {
  private moves = 0;

  private constructor(
    private readonly system: FaultSystem,
    readonly client: Client,
    readonly brane: LiveBrane,
    private readonly group: ObjectId,
  ) {}

  static async make(system: FaultSystem): Promise<LargeGroup> {
    const client = createClient({ origin: system.origin, WebSocket, name: 'mover' });
    await client.signInDev('Mover');
    const { id } = await client.rest.createBrane({ name: 'moving', visibility: 'private' });
    const brane = await client.join(asBraneId(id));
    const group = brane.create({ kind: 'group', parent_id: brane.id, name: 'large' });
    for (let made = 0; made < OBJECTS; made += OBJECTS_PER_EDIT) {
      brane.edit(
        Array.from({ length: OBJECTS_PER_EDIT }, (_, index) => ({
          op: 'create' as const,
          object: { kind: 'block' as const, parent_id: group.id, name: `${made + index}` },
        })),
      );
    }
    await brane.whenSaved();
    return new LargeGroup(system, client, brane, group.id);
  }

  /**
   * Resolves when the move is durable, and with it the work that it asks for. Not again before that work is done: a group
   * that is listed as re-keying already asks for none.
   */
  async move(): Promise<void> {
    this.moves += 1;
    const translation = [1_000 * this.moves, 0, 0] as const;
    const to = compose({ translation, rotation: [0, 0, 0, 1], scale: [1, 1, 1] });
    await this.brane.transform(this.group, to).saved;
  }

  /** Ids of the work that jobs-runner says it has done for this brane. */
  get workDone(): ReadonlySet<string> {
    const done = this.system
      .logged('jobs-runner', 'queue.work.done')
      .filter(({ id }) => String(id).includes(this.brane.id));
    return new Set(done.map(({ id }) => String(id)));
  }

  /** Waits until each move's work has run; answers how long that took, ms. */
  async allWorkDone(withinMs: number): Promise<number> {
    const began = performance.now();
    await until(() => this.workDone.size === this.moves, {
      timeoutMs: withinMs,
      everyMs: 100,
      what: `the work of ${this.moves} moves to be done`,
    });
    return performance.now() - began;
  }

  close(): void {
    this.client.close();
  }
}
