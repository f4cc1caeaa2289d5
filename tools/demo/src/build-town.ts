import type { Client, LiveBrane } from '@state-server/client';
import type { ClientOp, Ids, Random } from '@state-server/domain';
import { planTown, type TownSize } from './town';

/** Creations in one edit: well below 64 KiB a message. */
const PER_EDIT = 100;
/** Edits on their way at a time: the server may say "slow down", and the SDK then does. */
const IN_FLIGHT = 8;

/** Builds the town: streets and houses by REST, rooms and things by WebSocket. */
export async function buildTown(
  client: Client,
  brane: LiveBrane,
  env: { readonly ids: Ids; readonly random: Random },
  size: TownSize,
  progress: (done: number, total: number) => void,
): Promise<number> {
  const town = planTown(brane.id, env.ids, env.random, size);
  const total = town.frame.length + town.contents.length;
  let done = 0;
  for (const object of town.frame) {
    await client.rest.createObject({ ...object, brane_id: brane.id });
    progress((done += 1), total);
  }
  const frame = new Set(town.frame.map((object) => object.id));
  await seen(brane, () => [...frame].every((id) => brane.view.get(id) !== undefined));
  for (let from = 0; from < town.contents.length; from += PER_EDIT * IN_FLIGHT) {
    const wave = town.contents.slice(from, from + PER_EDIT * IN_FLIGHT);
    const edits = [];
    for (let start = 0; start < wave.length; start += PER_EDIT) {
      const ops = wave.slice(start, start + PER_EDIT).map((object): ClientOp => ({ op: 'create', object }));
      edits.push(brane.edit(ops).saved);
    }
    await Promise.all(edits);
    progress((done += wave.length), total);
  }
  return total;
}

/** Waits until the live view shows what REST has written. */
async function seen(brane: LiveBrane, condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => {
      const stop = brane.events.on('change', () => {
        stop();
        resolve();
      });
    });
  }
}
