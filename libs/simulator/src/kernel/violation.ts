/** What must hold, whatever happens: see docs/spec/simulator.md. */
export const INVARIANTS = {
  'SIM-1': 'the log is gapless, of one epoch, never rewritten, and its times never go back',
  'SIM-2': 'every acknowledged op is in the log exactly once',
  'SIM-3': 'no client is sent a hole, a double or entries out of order',
  'SIM-4': 'nothing is seen by anyone before it is durable',
  'SIM-5': 'stored state = reducer over the log from empty = reducer from any checkpoint or snapshot',
  'SIM-6': 'at rest every client has, and shows, the stored state',
  'SIM-7': 'an undo or redo takes back nothing but what its own edit left',
  'SIM-8': 'the spatial index is what the transforms say, or the head lists why not',
  'SIM-9': 'whoever was told that he is out is sent nothing of the brane any more',
  'SIM-10': 'what was refused for good is never in the log',
  'SIM-11': 'every promise of the SDK settles, and the world comes to rest',
  'SIM-12': 'in fair weather an entry is at every live client at once',
  'SIM-13':
    'no mistake of the software itself: no exception without a handler, no replica that had to be doubted',
  'SIM-14': 'of a purged brane nothing is left but its tombstone and its ids',
  'SIM-15': 'at rest everybody sees the presence of everybody else',
} as const;

export type InvariantId = keyof typeof INVARIANTS;

export class Violation extends Error {
  constructor(
    readonly invariant: InvariantId,
    readonly what: string,
  ) {
    super(`${invariant} (${INVARIANTS[invariant]}): ${what}`);
    this.name = 'Violation';
  }
}

export type Report = (invariant: InvariantId, what: string) => void;
