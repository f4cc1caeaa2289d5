import type { Actor, Committer } from '@state-server/commit';
import { asBraneId, asObjectId, asOpId, asUserId, type BraneId, type ObjectId } from '@state-server/domain';
import { realEnvironment as environment } from '@state-server/platform';
import { open } from 'lmdb';
import type { Figure } from './figure';
import { inFolder, withWritePath } from './write-path';

const CLIENTS = 64;
const BRANES = 8;
const SECONDS = 3;
const ROUNDS = 3;
/** Of the objects, before the run. */
const OBJECTS_PER_BRANE = 100;
/** What one edit writes besides the head of its group: log entry, object, record of its op id; bytes as measured. */
const RECORD_BYTES = [420, 420, 260] as const;

interface Run {
  readonly edits: number;
  readonly cpuSeconds: number;
}

/** Edits through the write path on the embedded store, against a bare program that writes the same number of records in the same batches. */
export async function durableEdits(say: (text: string) => void): Promise<Figure> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`durable edits, round ${round} of ${ROUNDS}`);
    ours.push(perCpuSecond(await inFolder((folder) => withWritePath(folder, commitEdits))));
    theirs.push(perCpuSecond(await inFolder(bareLmdb)));
  }
  return {
    name: `Durable edits: ${CLIENTS} writers in ${BRANES} branes, one process`,
    unit: 'edits per CPU-second',
    peer: 'bare lmdb, the same records and batches',
    ours,
    theirs,
  };
}

const perCpuSecond = ({ edits, cpuSeconds }: Run): number => edits / cpuSeconds;

async function commitEdits(committer: Committer): Promise<Run> {
  const actor: Actor = { kind: 'user', user_id: asUserId(environment.ids.uuid()) };
  const opId = () => asOpId(environment.ids.uuid());
  const branes: { id: BraneId; objects: ObjectId[] }[] = [];
  for (let index = 0; index < BRANES; index += 1) {
    const { meta } = await committer.createBrane(actor, {
      op_id: opId(),
      name: 'bench',
      visibility: 'private',
    });
    const id = asBraneId(meta.id);
    const objects = Array.from({ length: OBJECTS_PER_BRANE }, () => asObjectId(environment.ids.uuid()));
    const ops = objects.map(
      (object) => ({ op: 'create', object: { kind: 'block', id: object, parent_id: id } }) as const,
    );
    await committer.edit({ brane_id: id, actor, op_id: opId(), ops });
    branes.push({ id, objects });
  }
  return measure(async (client, turn) => {
    const brane = branes[client % BRANES];
    const object = brane?.objects[turn % OBJECTS_PER_BRANE];
    if (!brane || !object) return;
    const transform = Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, turn % 100, 0, client, 1);
    const ops = [{ op: 'transform', id: object, transform } as const];
    await committer.edit({ brane_id: brane.id, actor, op_id: opId(), ops });
  });
}

async function bareLmdb(folder: string): Promise<Run> {
  const db = open({ path: folder, keyEncoding: 'binary', encoding: 'binary', overlappingSync: false });
  let counter = 0;
  const run = await measure(async () => {
    await db.transaction(() => {
      for (const bytes of RECORD_BYTES) {
        const key = Buffer.alloc(40);
        key.writeBigUInt64BE(BigInt((counter += 1)), 32);
        void db.put(key, Buffer.alloc(bytes, counter));
      }
    });
  });
  await db.close();
  return run;
}

/** Every writer has one edit on its way at a time. */
async function measure(edit: (client: number, turn: number) => Promise<void>): Promise<Run> {
  const before = process.cpuUsage();
  const end = performance.now() + SECONDS * 1_000;
  let edits = 0;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      for (let turn = 0; performance.now() < end; turn += 1) {
        await edit(client, turn);
        edits += 1;
      }
    }),
  );
  const { user, system } = process.cpuUsage(before);
  return { edits, cpuSeconds: (user + system) / 1e6 };
}
