export { Coverage, COUNTED, type Counted } from './coverage';
export { INVARIANTS, type InvariantId, Violation } from './kernel/violation';
export { isFair, KINDS, type Kind, type Plan, planOf, type PlanOptions, replayCommand } from './plan';
export { type Outcome, simulate, type SimulateOptions } from './simulate';
