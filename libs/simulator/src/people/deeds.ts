import type { BraneId, Role } from '@state-server/domain';
import { asOpId } from '@state-server/domain';
import { buildCheckpoint } from '@state-server/commit';
import {
  forgetOpIds,
  purgeBranes,
  reapDeleted,
  rekeyBrane,
  sweepCheckpoints,
  trimLogs,
} from '@state-server/features-upkeep';
import { StateError } from '@state-server/protocol';
import type { LiveBrane } from '@state-server/client';
import { StoreError } from '@state-server/persistence-port';
import type { Dice } from '../kernel/dice';
import type { SimProcess } from '../kernel/sim-process';
import { describe, type WriterNode } from '../world/server-node';
import type { World } from '../world/world';
import type { Device } from './device';
import { OpMaker } from './make-ops';

const BOUNDS = { batch: 7, batches: 40 };

/** Work that nobody was promised anything about: it may fail as the installation may, and not otherwise. */
function attempt(world: World, what: string, work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    const isExpected = error instanceof StateError || error instanceof StoreError;
    if (!isExpected || (error instanceof StateError && error.code === 'internal')) {
      world.report('SIM-13', `${what}: ${describe(error)}`);
    }
  });
}

/**
 * A mutation by REST, sent again until it is answered. Whoever repeats one does not say that he has sent it before, so its
 * op id has to be remembered for as long as he may: 7 days in production (SYNC I4), until it is settled here.
 */
function overRest(world: World, device: Device, what: string, answer: Promise<unknown>): void {
  const open = { process: device.process };
  world.openRequests.add(open);
  void world.promises.expect(device.process, what, answer).then(() => world.openRequests.delete(open));
}

/** Op ids are being forgotten, or somebody may still repeat a request. */
function isRestBusy(open: ReadonlySet<{ readonly process: SimProcess }>): boolean {
  return [...open].some(({ process }) => process.alive);
}

/** A device with a brane that it is in, live or not: people go on working without a connection. */
function someone(
  world: World,
  dice: Dice,
): { readonly device: Device; readonly brane: LiveBrane } | undefined {
  const device = dice.pick(world.liveDevices().filter((one) => one.places.size > 0 && !one.isOver));
  const place = device && dice.pick([...device.places.values()]);
  return device && place && { device, brane: place.brane };
}

/** Whoever may not edit tries it now and then. */
function mayEdit(brane: LiveBrane | undefined): boolean {
  const role = brane?.role;
  return role === 'owner' || role === 'moderator' || role === 'editor';
}

export function edit(world: World, dice: Dice): void {
  const who = [0, 1, 2]
    .map(() => someone(world, dice))
    .find((one) => mayEdit(one?.brane) || dice.chance(0.1));
  if (!who) return;
  const burst = dice.chance(0.08) ? 12 : dice.chance(0.3) ? 3 : 1;
  for (let left = burst; left > 0; left -= 1) {
    const ops = new OpMaker(who.brane, dice).edit();
    if (ops.length > 0) who.device.edit(who.brane, () => who.brane.edit(ops));
  }
}

export function undo(world: World, dice: Dice): void {
  const who = someone(world, dice);
  if (!who) return;
  const { device, brane } = who;
  const times = dice.chance(0.2) ? 3 : 1;
  for (let left = times; left > 0; left -= 1) {
    device.edit(brane, () => (dice.chance(0.65) ? brane.undo() : brane.redo()));
  }
}

export function presence(world: World, dice: Dice): void {
  const who = someone(world, dice);
  who?.brane.presence.set({ at: dice.int(100), ...(dice.chance(0.3) ? { tool: null } : { tool: 'pen' }) });
}

export function rejoin(world: World, dice: Dice): void {
  const device = dice.pick(world.liveDevices());
  const braneId = dice.pick(world.branes);
  if (!device || !braneId || device.isOver) return;
  const place = device.places.get(braneId);
  if (!place) device.join(braneId);
  else if (place.brane.saveState.saved || dice.chance(0.1)) device.leave(braneId);
}

/** Somebody who may (mostly) changes who may. */
export function members(world: World, dice: Dice): void {
  if (isRestBusy(world.openForgetting)) return;
  const device = dice.pick(world.liveDevices());
  const braneId = dice.pick(world.branes);
  const userId = dice.pick(world.users.slice(1));
  if (!device || !braneId || !userId || device.isOver) return;
  const role = dice.weighted<Role | null>([
    [2, null],
    [4, 'editor'],
    [1, 'viewer'],
    [1, 'owner'],
  ]);
  const { rest } = device.client;
  const isRemoval = role === null || role === undefined;
  world.coverage.count(isRemoval ? 'removed' : 'role_changes');
  const answer: Promise<unknown> = isRemoval
    ? rest.removeMember(braneId, userId)
    : rest.setMember(braneId, userId, role);
  overRest(world, device, `member ${userId} by ${device.process.name}`, answer);
}

export function visibility(world: World, dice: Dice): void {
  if (isRestBusy(world.openForgetting)) return;
  const device = dice.pick(world.liveDevices());
  const braneId = dice.pick(world.branes);
  if (!device || !braneId || device.isOver) return;
  const body = dice.chance(0.3)
    ? { name: `brane ${dice.int(9)}` }
    : { visibility: dice.of('private', 'link', 'public') };
  const headers = { 'idempotency-key': device.process.environment.ids.uuid() };
  const answer = device.client.request({ method: 'PATCH', path: `/brane/${braneId}`, headers, body });
  world.coverage.count('settings_changed');
  overRest(world, device, 'settings', answer);
}

function ownerOf(world: World, braneId: BraneId | undefined): string | undefined {
  const members = Object.entries(world.store.log(braneId ?? '')?.meta.members ?? {});
  return members.find(([, role]) => role === 'owner')?.[0];
}

/** A month goes by, and what was deleted goes for good. */
export function purge(world: World, dice: Dice): void {
  const isDeleted = [...world.store.logs.values()].some(({ meta }) => meta.status === 'deleted');
  if (!isDeleted || dice.chance(0.5)) return;
  world.calendar.aheadMs += 31 * 24 * 3_600_000;
  if (world.jobs?.process.alive) purgeAll(world, world.jobs);
}

export function purgeAll(world: World, { store, committer, process }: WriterNode): void {
  attempt(world, 'purge', purgeBranes({ store, committer, clock: process.environment.clock }, BOUNDS));
}

export function deleteBrane(world: World, dice: Dice): void {
  if (isRestBusy(world.openForgetting)) return;
  const braneId = dice.pick(world.branes);
  const owners = world.liveDevices().filter((one) => ownerOf(world, braneId) === one.userId);
  const device = dice.pick(dice.chance(0.8) ? owners : world.liveDevices());
  if (!braneId || !device || device.isOver) return;
  const isLive = world.store.log(braneId)?.meta.status === 'live';
  const headers = { 'idempotency-key': device.process.environment.ids.uuid() };
  const answer: Promise<unknown> = isLive
    ? device.client.rest.deleteBrane(braneId)
    : device.client.request({ method: 'POST', path: `/brane/${braneId}/live`, headers });
  const counted = answer.then((done) => {
    world.coverage.count(isLive ? 'deleted' : 'restored');
    return done;
  });
  overRest(world, device, 'status', counted);
}

/** The same edits through the other door. */
export function rest(world: World, dice: Dice): void {
  if (isRestBusy(world.openForgetting)) return;
  const device = dice.pick(world.liveDevices());
  const braneId = dice.pick(world.branes);
  if (!device || !braneId || device.isOver) return;
  const { rest: api } = device.client;
  const place = device.places.get(braneId);
  if (dice.chance(0.2) || !place) {
    const answer = api.snapshot(braneId).then(({ seq }) => {
      if (seq > world.store.seq(braneId)) world.report('SIM-4', `a snapshot at ${seq} is not durable`);
    });
    void world.promises.expect(device.process, 'snapshot', answer);
    return;
  }
  const opId = asOpId(device.process.environment.ids.uuid());
  const ops = new OpMaker(place.brane, dice).edit().filter((op) => op.op === 'update' || op.op === 'delete');
  if (ops.length === 0) return;
  const answer = dice.chance(0.25) ? api.undo(braneId) : api.edit(braneId, ops, opId);
  const op = { braneId, userId: device.userId };
  const saved = answer.then((at) => world.promises.saved({ ...op, opId: at.op_id }, at));
  overRest(world, device, 'an edit by REST', saved);
}

export function secondBrane(world: World, dice: Dice): void {
  if (isRestBusy(world.openForgetting)) return;
  const device = dice.pick(world.liveDevices());
  if (!device || world.branes.length >= 3 || device.isOver) return;
  const answer = device.client.rest.createBrane({ name: 'another', visibility: dice.of('private', 'link') });
  void world.promises.expect(device.process, 'new brane', answer).then((meta) => {
    if (meta) world.branes.push(meta.id);
    if (meta && !device.isOver) device.join(meta.id);
  });
}

/** What jobs-runner does, by the same use cases. */
export function upkeep(world: World, dice: Dice): void {
  const node = world.jobs;
  if (!node?.process.alive) return;
  const { kinds } = world.plan;
  const { store, committer, process } = node;
  const { clock } = process.environment;
  const deps = { store, committer, clock };
  const work = dice.of('rekey', 'reap', 'forget', 'forget', 'purge');
  if (work === 'rekey') rekey(world, node);
  if (work === 'reap' && kinds.has('reap')) {
    attempt(world, 'reap', reapDeleted({ ...deps, undoHorizonMs: dice.of(200, 3_000) }, BOUNDS));
  }
  if (work === 'forget' && kinds.has('forget')) {
    if (!isRestBusy(world.openRequests)) forget(world, node, dice);
  }
  if (work === 'purge' && kinds.has('purge')) purgeAll(world, node);
}

function forget(world: World, { store, committer, process }: WriterNode, dice: Dice): void {
  const open = { process };
  world.openForgetting.add(open);
  const deps = { store, committer, clock: process.environment.clock, dedupeMs: dice.of(50, 1_000, 5_000) };
  const forgetting = forgetOpIds(deps, BOUNDS).finally(() => world.openForgetting.delete(open));
  attempt(
    world,
    'forget',
    forgetting.then(({ done }) => world.coverage.count('forgotten', done)),
  );
}

/** A checkpoint where the policy would not ask for one yet, and the garbage of earlier ones. */
export function checkpoint(world: World, dice: Dice): void {
  const node = world.jobs;
  const braneId = dice.pick(world.branes);
  if (!node?.process.alive || !braneId) return;
  const { store, process } = node;
  const deps = { store, environment: process.environment };
  attempt(world, 'checkpoint', buildCheckpoint(deps, braneId, { force: true }));
  if (dice.chance(0.3)) attempt(world, 'garbage', sweepCheckpoints(deps, BOUNDS));
}

/** Log entries go as soon as checkpoint and dedupe floor let them, instead of after days. */
export function trim(world: World, dice: Dice): void {
  if (!world.jobs?.process.alive) return;
  const { store, committer, process } = world.jobs;
  const retentionDays = dice.of(20, 500, 3_000) / (24 * 3_600_000);
  const deps = { store, committer, clock: process.environment.clock, retentionDays };
  attempt(
    world,
    'trim',
    trimLogs(deps, BOUNDS).then(({ done }) => world.coverage.count('trimmed', done)),
  );
}

export function rekey(world: World, node: WriterNode): void {
  for (const braneId of world.store.logs.keys()) {
    if (!world.store.log(braneId)?.head?.rekeying) continue;
    attempt(
      world,
      'rekey',
      rekeyBrane({ committer: node.committer }, { brane_id: braneId satisfies BraneId }),
    );
  }
}
