import type { BraneId, Scene } from '@state-server/domain';
import type { MilestoneDoc, Store } from '@state-server/persistence-port';
import type { BraneFault } from './check-brane';
import { type CheckpointScene, readMilestoneScene, usableMilestones } from './checkpoint/checkpoint-scene';
import { sameData } from './same-data';

type Tell = (kind: BraneFault['kind'], record: string, message: string) => void;

/** The kept checkpoints of a brane, each to be compared with the replay when that has come to it. */
export class MilestoneCheck {
  private left: readonly MilestoneDoc[] = [];

  constructor(
    private readonly store: Store,
    private readonly braneId: BraneId,
    private readonly tell: Tell,
  ) {}

  async list(): Promise<void> {
    this.left = await usableMilestones(this.store, this.braneId);
  }

  /** Where the replay has to stop for a look. */
  get next(): number | undefined {
    return this.left[0]?.seq;
  }

  /** The oldest one, for a replay to begin with. */
  async takeFirst(): Promise<CheckpointScene | undefined> {
    const [oldest, ...later] = this.left;
    this.left = later;
    return oldest && this.read(oldest);
  }

  async compareAt(seq: number, scene: Scene): Promise<void> {
    const [next, ...later] = this.left;
    if (next?.seq !== seq) return;
    this.left = later;
    const kept = await this.read(next);
    if (kept) compareCheckpoint(kept, scene, this.tell);
  }

  private async read(milestone: MilestoneDoc): Promise<CheckpointScene | undefined> {
    try {
      return await readMilestoneScene(this.store, milestone);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.tell('checkpoint', `milestones ${milestone.seq}`, reason);
      return undefined;
    }
  }
}

/** What is stored as the state at that seq against what the log makes of it. */
export function compareCheckpoint({ seq, scene: kept }: CheckpointScene, scene: Scene, tell: Tell): void {
  const record = `checkpoint at ${seq}`;
  if (!sameData(kept.meta, scene.meta)) tell('checkpoint', record, 'its settings are not what the log says');
  for (const object of scene.objects()) {
    if (sameData(kept.get(object.id), object)) continue;
    tell('checkpoint', record, `its object ${object.id} is not what the log makes`);
  }
  for (const { id } of kept.objects()) {
    if (!scene.get(id)) tell('checkpoint', record, `the log does not make its object ${id}`);
  }
}
