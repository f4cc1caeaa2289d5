import type { LiveBrane } from '@state-server/client';
import type { BraneId } from '@state-server/domain';
import { difference, same } from '../oracle/same';
import type { World } from '../world/world';
import type { Device } from './device';

/** Long enough for a connection that is dead and not known to be, and for the next time that presence is said (SYNC R6), ms. */
const PRESENCE_MS = 20_000;

/** What every client has and shows against what is stored, and what was promised against the log. */
export function checkAtRest(world: World): void {
  world.promises.check();
  for (const device of world.liveDevices()) {
    device.check();
    for (const [braneId, { brane }] of device.places) checkClient(world, device, braneId, brane);
  }
}

function checkClient(world: World, device: Device, braneId: BraneId, brane: LiveBrane): void {
  const log = world.store.log(braneId);
  if (!log) return;
  const where = `${device.process.name} (${device.format}) in ${braneId} at ${log.seq}`;
  const confirmed = difference(log.scene.objects(), brane.confirmed.objects());
  if (confirmed !== undefined) world.report('SIM-6', `${where}: ${confirmed}`);
  if (!same(log.meta, brane.confirmed.meta)) {
    world.report(
      'SIM-6',
      `${where}: ${JSON.stringify(brane.confirmed.meta)}, not ${JSON.stringify(log.meta)}`,
    );
  }
  const shown = [...log.scene.objects()].flatMap(({ id }) => brane.view.get(id) ?? []);
  const visible = difference(log.scene.objects(), shown);
  if (visible !== undefined || brane.view.size !== log.scene.size) {
    world.report(
      'SIM-6',
      `${where} shows: ${visible ?? `${brane.view.size} objects, not ${log.scene.size}`}`,
    );
  }
  for (const { id } of log.scene.objects()) {
    if (same(brane.view.children(id), log.scene.children(id))) continue;
    world.report('SIM-6', `${where}: the children of ${id} stand in another order`);
  }
}

/** Everybody says where he is, and sees all others who are in the same brane (SIM-15). */
export async function checkPresence(world: World): Promise<void> {
  for (const device of world.liveDevices()) {
    for (const { brane } of device.places.values()) brane.presence.set({ at: placeOf(device) });
  }
  const end = world.scheduler.now + PRESENCE_MS;
  for (let missing = whoIsUnseen(world); missing !== undefined; missing = whoIsUnseen(world)) {
    if (world.scheduler.now > end) world.report('SIM-15', missing);
    await world.scheduler.advance(200);
  }
}

function placeOf(device: Device): string {
  return `here is ${device.process.name}`;
}

function whoIsUnseen(world: World): string | undefined {
  // A sign-in that was revoked at the very end is heard of now.
  const here = world.liveDevices().filter((device) => !device.isOver);
  for (const device of here) {
    for (const [braneId, { brane }] of device.places) {
      const seen = new Set([...brane.presence.entries.values()].map(({ state }) => state['at']));
      for (const other of here) {
        if (other === device || !other.places.has(braneId) || seen.has(placeOf(other))) continue;
        return `${device.process.name} does not see ${other.process.name} in ${braneId}`;
      }
    }
  }
  return undefined;
}
