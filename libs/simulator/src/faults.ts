import type { Dice } from './kernel/dice';
import type { SimProcess } from './kernel/sim-process';
import type { Fault } from './plan';
import { fairWeather } from './world/weather';
import type { World } from './world/world';

/** What it is like again once a fault is over, whichever others there were meanwhile. */
const FAIR = fairWeather();
const DAY_MS = 24 * 3_600_000;

type Inject = (world: World, dice: Dice) => void;

/** What each kind of fault does when its turn comes. Those that last end by themselves. */
export const INJECT: Readonly<Record<Fault, Inject>> = {
  'bus-loss': (world, dice) =>
    forAWhile(world, dice, [world.weather.bus, FAIR.bus], 'lost', dice.of(0.1, 0.5, 1)),
  'bus-double': (world, dice) => forAWhile(world, dice, [world.weather.bus, FAIR.bus], 'doubled', 0.5),
  'bus-delay': (world, dice) =>
    forAWhile(world, dice, [world.weather.bus, FAIR.bus], 'delayMs', dice.of(30, 400, 3_000)),
  'bus-cut': (world, dice) => {
    for (const link of world.hub.links) {
      if (!dice.chance(0.5)) continue;
      world.coverage.count('bus_cut');
      link.change(false);
      world.scheduler.after(dice.between(10, 4_000), 'fault.bus', () => link.change(true));
    }
  },
  conflict: (world, dice) =>
    forAWhile(world, dice, [world.weather.store, FAIR.store], 'conflict', dice.of(0.2, 0.6)),
  unknown: (world, dice) =>
    forAWhile(world, dice, [world.weather.store, FAIR.store], 'unknown', dice.of(0.1, 0.4)),
  'slow-store': (world, dice) => {
    forAWhile(world, dice, [world.weather.store, FAIR.store], 'slow', 0.3);
    forAWhile(world, dice, [world.weather.store, FAIR.store], 'slowMs', dice.of(20, 100));
  },
  'store-away': (world, dice) => {
    world.weather.store.away = true;
    world.scheduler.after(dice.between(50, 4_000), 'fault.store', () => {
      world.weather.store.away = false;
    });
  },
  crash: (world, dice) => {
    const process = dice.pick(processes(world));
    if (!process) return;
    world.coverage.count('crashes');
    if (dice.chance(0.3)) process.die();
    else if (dice.chance(0.5)) process.dieAt(dice.of('publish', 'commit sent'));
    else process.dieSoon(dice.int(30));
  },
  freeze: (world, dice) => {
    world.coverage.count('freezes');
    dice.pick(processes(world))?.freeze(dice.of(50, 300, 2_000, dice.of(5_000, 12_000)));
  },
  drain: (world, dice) => {
    const node = dice.pick(world.gateways);
    if (!node?.accepting || !node.process.alive) return;
    world.coverage.count('drains');
    void node.drain();
  },
  cut: (world, dice) => {
    for (const wire of world.network.wires) {
      if (!dice.chance(0.4)) continue;
      world.coverage.count('cuts');
      wire.cut();
    }
  },
  'half-open': (world, dice) => {
    world.coverage.count('half_open');
    dice.pick([...world.network.wires])?.halfOpen();
  },
  'slow-reader': (world, dice) => {
    const wire = dice.pick([...world.network.wires]);
    if (!wire) return;
    world.coverage.count('slow_readers');
    wire.down.rate = dice.of(0.05, 0.5, 3);
    world.scheduler.after(dice.between(100, 6_000), 'fault.reader', () => {
      wire.down.rate = undefined;
    });
  },
  offline: (world, dice) => {
    const device = dice.pick(world.liveDevices());
    if (!device) return;
    world.coverage.count('offline');
    world.network.offline.add(device.process);
    for (const wire of world.network.wires) if (wire.client === device.process) wire.cut();
    const ms = dice.of(300, 2_000, dice.of(5_000, 12_000));
    world.scheduler.after(ms, 'fault.online', () => world.network.offline.delete(device.process));
  },
  skew: () => undefined,
  'clock-jump': (world, dice) => {
    const process = dice.pick(processes(world));
    if (!process) return;
    world.coverage.count('clock_jumps');
    process.skewMs += dice.of(-60_000, -700, 700, 40_000);
  },
  calendar: (world, dice) => {
    world.coverage.count('calendar_jumps');
    world.calendar.aheadMs += dice.of(DAY_MS, 31 * DAY_MS);
  },
  'lost-requests': (world, dice) =>
    forAWhile(world, dice, [world.weather.net, FAIR.net], 'lostRequests', 0.3),
  'auth-away': (world, dice) => {
    world.weather.authAway = true;
    world.scheduler.after(dice.between(50, 3_000), 'fault.auth', () => {
      world.weather.authAway = false;
    });
  },
  revoke: (world, dice) => {
    const device = dice.pick(world.liveDevices());
    if (!device) return;
    world.coverage.count('revoked');
    world.signIns.revoke(device.tokens.refresh_token);
  },
  'tab-kill': (world, dice) => {
    const device = dice.pick(world.liveDevices());
    if (!device?.process.alive) return;
    if (dice.chance(0.5)) {
      world.coverage.count('tabs_killed');
      device.process.die();
    } else device.close();
  },
};

/** What can crash, freeze, or have a wrong clock. */
function processes(world: World): SimProcess[] {
  const nodes = [...world.gateways, world.api, world.jobs];
  return nodes.flatMap((node) => (node?.process.alive ? [node.process] : []));
}

function forAWhile<Key extends string>(
  world: World,
  dice: Dice,
  [weather, fair]: readonly [Record<Key, number>, Readonly<Record<Key, number>>],
  key: Key,
  value: number,
): void {
  weather[key] = value;
  world.scheduler.after(dice.between(100, 5_000), `fault.${key}`, () => {
    weather[key] = fair[key];
  });
}

/** Fair weather, and everybody up: what is broken now stays so for ever otherwise. */
export function heal(world: World): void {
  const { weather, network, hub } = world;
  Object.assign(weather.store, FAIR.store);
  Object.assign(weather.bus, FAIR.bus);
  Object.assign(weather.net, FAIR.net);
  weather.authAway = false;
  network.offline.clear();
  for (const link of hub.links) link.change(true);
  for (const wire of network.wires) wire.down.rate = undefined;
  for (const process of processes(world)) process.skewMs = 0;
}
