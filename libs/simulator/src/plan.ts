import { Dice } from './kernel/dice';

/** What can go wrong. */
export const FAULTS = [
  'bus-loss',
  'bus-double',
  'bus-delay',
  'bus-cut',
  'conflict',
  'unknown',
  'slow-store',
  'store-away',
  'crash',
  'freeze',
  'drain',
  'cut',
  'half-open',
  'slow-reader',
  'offline',
  'skew',
  'clock-jump',
  'calendar',
  'lost-requests',
  'auth-away',
  'revoke',
  'tab-kill',
] as const;

/** What people and the installation do besides editing. */
export const DEEDS = [
  'undo',
  'presence',
  'rejoin',
  'members',
  'visibility',
  'delete-brane',
  'rest',
  'second-brane',
  'reap',
  'forget',
  'purge',
  'checkpoint',
  'trim',
] as const;

export type Fault = (typeof FAULTS)[number];
export type Deed = (typeof DEEDS)[number];
export type Kind = Fault | Deed;
export const KINDS: readonly Kind[] = [...FAULTS, ...DEEDS];

/** One run, with all that is needed to make it again. */
export interface Plan {
  readonly seed: number;
  readonly isolation: 'weak' | 'strict';
  readonly gateways: number;
  readonly clients: number;
  /** Deeds and faults, one after the other. */
  readonly steps: number;
  readonly kinds: ReadonlySet<Kind>;
}

export interface PlanOptions {
  readonly isolation?: Plan['isolation'] | undefined;
  readonly gateways?: number | undefined;
  readonly clients?: number | undefined;
  readonly steps?: number | undefined;
  readonly kinds?: ReadonlySet<Kind> | undefined;
}

/**
 * Each seed has kinds of fault of its own, in some seeds none: a world in which everything fails all the time hides what a
 * single fault would show (swarm testing: Groce et al., 2012).
 */
export function planOf(seed: number, options: PlanOptions = {}): Plan {
  const dice = new Dice(`plan ${seed}`);
  const isCalm = dice.chance(0.15);
  const share = dice.between(0.15, 0.7);
  const faults = FAULTS.filter((_) => dice.chance(share) && !isCalm);
  // In fair weather it is about who hears of what: that takes two gateways, and rooms that are opened again and again.
  const deeds = DEEDS.filter((deed) => dice.chance(0.75) || (isCalm && deed === 'rejoin'));
  const gateways = isCalm ? dice.of(2, 3) : dice.of(1, 2, 2, 3);
  const clients = dice.of(2, 3, 4, 5, 6);
  const steps = dice.of(50, 90, 140, 190);
  return {
    seed,
    isolation: options.isolation ?? (seed % 2 === 0 ? 'strict' : 'weak'),
    gateways: options.gateways ?? gateways,
    clients: options.clients ?? clients,
    steps: options.steps ?? steps,
    kinds: options.kinds ?? new Set<Kind>([...faults, ...deeds]),
  };
}

/** Nothing goes wrong in it: then what is committed has to be everywhere at once (SIM-12). */
export function isFair(plan: Plan): boolean {
  return !FAULTS.some((fault) => plan.kinds.has(fault));
}

/** The command that makes this run again. */
export function replayCommand(plan: Plan): string {
  const { seed, isolation, gateways, clients, steps, kinds } = plan;
  const list = kinds.size === 0 ? 'none' : [...kinds].join(',');
  return `npx nx run realtime:simulate --seed=${seed} --isolation=${isolation} --gateways=${gateways} --clients=${clients} --steps=${steps} --kinds=${list}`;
}
