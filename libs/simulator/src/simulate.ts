import { roleIn } from '@state-server/domain';
import { asOpId } from '@state-server/domain';
import { INJECT, heal } from './faults';
import { Violation } from './kernel/violation';
import type { Coverage } from './coverage';
import * as deeds from './people/deeds';
import { checkAtRest, checkPresence } from './people/at-rest';
import { FAULTS, isFair, type Kind, type Plan } from './plan';
import { World } from './world/world';
import type { Dice } from './kernel/dice';
import type { Device } from './people/device';

export interface Outcome {
  readonly plan: Plan;
  readonly violation: Violation | undefined;
  readonly coverage: Coverage;
  /** Of everything that happened: the same plan gives the same. */
  readonly trace: string;
  readonly events: number;
  /** Simulated ms. */
  readonly simulatedMs: number;
}

export interface SimulateOptions {
  /** Told of each event, for a replay that is to be read. */
  readonly onStep?: (now: number, label: string) => void;
}

/** In fair weather a committed entry is everywhere within this time, ms: less than any heartbeat takes. */
const TIMELY_MS = 150;
/** Long enough in step to have been told. */
const IN_STEP_MS = 80;
/** The world comes to rest within this time once everything is mended, simulated ms. */
const REST_MS = 180_000;

/** Runs one world from its first brane to its rest, or to the first thing that must not be. */
export async function simulate(plan: Plan, options: SimulateOptions = {}): Promise<Outcome> {
  const world = new World(plan);
  if (options.onStep) world.scheduler.onStep = options.onStep;
  try {
    await begin(world);
    await work(world);
    heal(world);
    await comeToRest(world);
    await world.store.atRest();
    checkAtRest(world);
    if (plan.kinds.has('presence')) await checkPresence(world);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
  }
  const { scheduler, violation, coverage } = world;
  return {
    plan,
    violation,
    coverage,
    trace: scheduler.trace.value,
    events: scheduler.steps,
    simulatedMs: scheduler.now,
  };
}

async function begin(world: World): Promise<void> {
  const { plan, users } = world;
  if (isFair(plan)) watchTimeliness(world);
  world.startApi();
  world.startJobs();
  for (let index = 0; index < plan.gateways; index += 1) world.startGateway(index);
  const [owner] = users;
  const api = world.api;
  if (!owner || !api) return;
  const created = api.committer.createBrane(
    { kind: 'user', user_id: owner },
    { op_id: asOpId(world.dice.uuid()), name: 'the brane', visibility: 'private' },
  );
  const actor = { kind: 'user', user_id: owner } as const;
  const ready = created.then(async ({ meta }) => {
    for (const user_id of users.slice(1)) {
      const ops = [
        { op: 'set_member', user_id, role: world.dice.of('editor', 'editor', 'viewer', 'owner') },
      ] as const;
      await api.committer.administer({ brane_id: meta.id, actor, op_id: asOpId(world.dice.uuid()), ops });
    }
    world.branes.push(meta.id);
  });
  ready.catch((error: unknown) => world.report('SIM-11', `the first brane: ${String(error)}`));
  await world.scheduler.advance(300);
  for (let index = 0; index < plan.clients; index += 1) {
    const device = world.startDevice(index);
    for (const braneId of world.branes) device.join(braneId);
  }
  await world.scheduler.advance(300);
}

type Deed = (world: World, dice: Dice) => void;

/** How often what is done, in a plan that has it. */
const WEIGHTS: readonly (readonly [weight: number, kind: Kind | 'edit' | 'upkeep' | 'return', deed: Deed])[] =
  [
    [60, 'edit', deeds.edit],
    [14, 'undo', deeds.undo],
    [4, 'presence', deeds.presence],
    [8, 'rejoin', deeds.rejoin],
    [5, 'members', deeds.members],
    [2, 'visibility', deeds.visibility],
    [1.5, 'delete-brane', deeds.deleteBrane],
    [1, 'purge', deeds.purge],
    [5, 'rest', deeds.rest],
    [1, 'second-brane', deeds.secondBrane],
    [8, 'upkeep', deeds.upkeep],
    [3, 'checkpoint', deeds.checkpoint],
    [4, 'trim', deeds.trim],
    [10, 'return', comeBack],
    ...FAULTS.map((fault) => [fault === 'calendar' ? 0.5 : 2, fault, INJECT[fault]] as const),
  ];

async function work(world: World): Promise<void> {
  const { plan, scheduler } = world;
  const possible = WEIGHTS.filter(
    ([, kind]) => kind === 'edit' || kind === 'upkeep' || kind === 'return' || plan.kinds.has(kind),
  ).map(([weight, , deed]) => [weight, deed] as const);
  const tempo = world.dice.of(0.2, 1, 1, 1.5);
  for (let step = 0; step < plan.steps; step += 1) {
    // Of the seed and the step alone: a run with fewer steps is the beginning of the longer one.
    const dice = world.dice.fork(`step ${step}`);
    await scheduler.advance(dice.of(1, 5, 30, 150, 600) * tempo * dice.next());
    world.coverage.count('actions');
    dice.weighted(possible)?.(world, dice);
  }
}

/** Whoever has gone for good comes back with a new machine, and whoever is out of the brane asks for it again. */
function comeBack(world: World, dice: Dice): void {
  const index = dice.int(world.devices.length);
  const device = world.devices[index];
  const braneId = dice.pick(world.branes);
  if (device?.process.alive && device.isOver && dice.chance(0.6)) world.signInAgain(device);
  else if (!device || device.isOver) world.startDevice(index);
  if (braneId) world.devices[index]?.join(braneId);
}

/** Mended, everybody asks for every brane that he may see, and gets there; then nothing more happens. */
async function comeToRest(world: World): Promise<void> {
  const { scheduler } = world;
  const end = scheduler.now + REST_MS;
  for (;;) {
    await scheduler.advance(500);
    for (const [index, device] of world.devices.entries())
      if (!device || device.isOver) world.startDevice(index);
    const restless = whyRestless(world);
    if (restless === undefined) return;
    if (scheduler.now > end) world.report('SIM-11', restless);
  }
}

function whyRestless(world: World): string | undefined {
  const nodes = [...world.gateways, world.api, world.jobs];
  if (nodes.some((node) => !node?.process.alive)) return 'a process is not up';
  for (const log of world.store.logs.values()) {
    if (!log.head?.rekeying || log.head.status === 'purged') continue;
    if (world.jobs) deeds.rekey(world, world.jobs);
    return `groups of ${log.braneId} wait for their re-keying`;
  }
  const [promise] = world.promises.pending();
  if (promise !== undefined) return `not settled: ${promise}`;
  for (const device of world.liveDevices()) {
    const why = whyBehind(world, device);
    if (why !== undefined) return why;
  }
  return undefined;
}

function whyBehind(world: World, device: Device): string | undefined {
  for (const braneId of world.branes) {
    const log = world.store.log(braneId);
    const isVisible = log?.meta.status === 'live' && roleIn(log.meta, device.userId) !== null;
    const place = device.places.get(braneId);
    const where = `${device.process.name} in ${braneId}`;
    if (!isVisible) {
      if (place) return `${where} is still in`;
      continue;
    }
    if (!place) {
      device.join(braneId);
      return `${where} is not in yet (${device.client.status.state})`;
    }
    const { brane } = place;
    if (!brane.live) return `${where} is not in step (${device.client.status.state})`;
    if (brane.position?.seq !== log.seq)
      return `${where} is at ${brane.position?.seq ?? 0}, not at ${log.seq}`;
    if (!brane.saveState.saved) return `${where} has ${brane.saveState.waiting} edits that wait`;
    if (brane.role !== roleIn(log.meta, device.userId)) return `${where} is ${brane.role ?? 'nobody'}`;
  }
  return undefined;
}

/** In fair weather (SIM-12): an entry that is durable is at everybody who is in step. */
function watchTimeliness(world: World): void {
  const { scheduler } = world;
  world.store.onEntry = (log, seq) => {
    scheduler.after(TIMELY_MS, 'watch.timely', () => {
      for (const device of world.liveDevices()) {
        const place = device.places.get(log.braneId);
        if (!place?.brane.live || place.syncedAt === undefined || device.client.status.state !== 'open')
          continue;
        if (scheduler.now - place.syncedAt < IN_STEP_MS) continue;
        world.coverage.count('timely_entries');
        const at = place.brane.position?.seq ?? 0;
        if (at < seq)
          world.report('SIM-12', `${device.process.name} is at ${at} ${TIMELY_MS} ms after ${seq}`);
      }
    });
  };
}
