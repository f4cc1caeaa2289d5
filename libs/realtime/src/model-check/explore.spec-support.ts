import {
  bit,
  isOpen,
  Draft,
  keyOf,
  type Mutation,
  type Op,
  OPS,
  OWNER,
  startWith,
  type Harm,
  type State,
  type Step,
} from './heart-model.spec-support';

const BOTH = [0, 1] as const;

/** What the engine does by itself, promptly; what it does after a while; what the bus may do; what the world does to it. */
type Kind = 'prompt' | 'slow' | 'bus' | 'harm';

function kindOf(step: Step): Kind {
  switch (step.do) {
    case 'look':
      return 'slow';
    case 'deliver':
      return 'bus';
    case 'crash':
    case 'break':
      return 'harm';
    default:
      return 'prompt';
  }
}

/** Every step that can be next. */
export function stepsOf(state: State, mutation?: Mutation): Step[] {
  return [
    ...BOTH.flatMap((gateway) => stepsOfGateway(state, gateway, mutation)),
    ...BOTH.flatMap((client) => stepsOfClient(state, client)),
    ...BOTH.flatMap((gateway) => stepsOfBus(state, gateway)),
  ];
}

function stepsOfGateway(state: State, gateway: number, mutation: Mutation | undefined): Step[] {
  const it = state.gateways[gateway];
  if (!it) return [];
  if (!it.up) return [{ do: 'restart', gateway }];
  const steps: Step[] = [];
  if (state.crashes > 0) steps.push({ do: 'crash', gateway });
  const isWanted = state.clients.some((client) => client.gateway === gateway);
  const late = mutation === 'subscribe after read';
  if (isWanted && it.room === 'closed') steps.push({ do: late ? 'read head' : 'subscribe', gateway });
  if (it.room === 'subscribed') steps.push({ do: 'read head', gateway });
  if (it.room === 'read') steps.push({ do: 'subscribe', gateway });
  if (isOpen(it)) steps.push(...fillSteps(state, gateway));
  for (const op of OPS) steps.push(...editSteps(state, gateway, op, mutation));
  return steps;
}

function fillSteps(state: State, gateway: number): Step[] {
  const it = state.gateways[gateway];
  if (!it || it.seq >= state.log.length) return [];
  const isAwaited = state.clients.some(
    (client) => client.gateway === gateway && client.phase === 'reading' && client.slice > it.seq,
  );
  return [{ do: it.heard !== 0 || isAwaited ? 'fill' : 'look', gateway }];
}

function editSteps(state: State, gateway: number, op: Op, mutation: Mutation | undefined): Step[] {
  const stages = state.gateways[gateway]?.stages ?? [];
  const seq = state.log.indexOf(op) + 1;
  switch (stages[op]) {
    case 'sent':
      // Nothing overtakes an edit of the same session (I3).
      if (op === 1 && !state.log.includes(0)) return [];
      return [
        { do: mutation === 'publish before commit' && seq === 0 ? 'publish early' : 'commit', gateway, op },
      ];
    case 'early':
      return [{ do: 'commit', gateway, op }];
    case 'durable':
      // A writer publishes in the order of its commits.
      return state.log.slice(0, seq - 1).some((before) => stages[before] === 'durable')
        ? []
        : [{ do: 'publish', gateway, op }];
    default:
      return [];
  }
}

function stepsOfClient(state: State, client: number): Step[] {
  const it = state.clients[client];
  if (!it) return [];
  if (it.gateway < 0) {
    const up = BOTH.filter((gateway) => state.gateways[gateway]?.up);
    // At the start one gateway is as good as the other.
    return (isStart(state) ? up.slice(0, 1) : up).map((gateway) => ({ do: 'connect', client, gateway }));
  }
  const steps: Step[] = state.breaks > 0 ? [{ do: 'break', client }] : [];
  const room = state.gateways[it.gateway];
  if (it.phase === 'asked' && room && isOpen(room)) steps.push({ do: 'read log', client });
  if (it.phase === 'reading' && room && room.seq >= it.slice && room.seq >= it.seq)
    steps.push({ do: 'release', client });
  if (it.phase === 'live') {
    // What is known to be committed is not sent again (R4); numbers are in order (I3).
    const open = OPS.filter(
      (op) => OWNER[op] === client && (it.acked & (1 << op)) === 0 && !isSeen(state, it.seq, op),
    );
    const next = open.find((op) => (it.sent & (1 << op)) === 0);
    if (next !== undefined) steps.push({ do: 'submit', op: next });
  }
  return steps;
}

const isStart = ({ clients, gateways }: State): boolean =>
  clients.every(({ gateway }) => gateway < 0) && gateways.every(({ up, room }) => up && room === 'closed');

const isSeen = (state: State, seq: number, op: Op): boolean => {
  const at = state.log.indexOf(op) + 1;
  return at > 0 && at <= seq;
};

/** What comes a second time, or late, changes nothing: only what would is a step. */
function stepsOfBus(state: State, gateway: number): Step[] {
  const room = state.gateways[gateway];
  if (!room || room.room === 'closed') return [];
  const steps: Step[] = [];
  for (let seq = room.room === 'open' ? room.seq + 1 : 1; seq <= OPS.length; seq += 1) {
    for (const op of OPS) {
      if (((state.bus[gateway] ?? 0) & bit(seq, op) & ~room.heard) !== 0)
        steps.push({ do: 'deliver', gateway, seq, op });
    }
  }
  return steps;
}

export function next(state: State, step: Step, mutation?: Mutation): State {
  const draft = new Draft(state, mutation);
  draft.take(step);
  return draft.result;
}

/** What is wrong with a state; '' when nothing is. */
export function faultOf(state: State, steps: readonly Step[], harm: Harm): string {
  if (state.fault !== '') return state.fault;
  const kinds = new Set(steps.map(kindOf));
  const isDone = state.clients.every((client) => client.phase === 'live' && client.seq === state.log.length);
  if (kinds.has('prompt')) return '';
  if (!kinds.has('bus') && state.crashes === harm.crashes && !isDone)
    return 'nothing was lost, and somebody waits';
  if (kinds.has('slow')) return '';
  if (!isDone) return 'at rest, and a client does not have everything';
  return new Set(state.log).size === OPS.length && state.log.length === OPS.length
    ? ''
    : 'at rest, and an edit is not in the log once';
}

interface Node {
  readonly state: State;
  readonly from: Node | undefined;
  readonly by: Step | undefined;
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  /** Orders in which everything can happen, from the start to a rest. */
  readonly interleavings: bigint;
  /** The shortest way to the first state that must not be. */
  readonly counterexample: { readonly fault: string; readonly trace: readonly Step[] } | undefined;
}

/** All states that can be reached, nearest first. Stops at the first that must not be. */
export function explore(harm: Harm, mutation?: Mutation): Exploration {
  const start = startWith(harm);
  const index = new Map<string, number>([[keyOf(start), 0]]);
  const nodes: Node[] = [{ state: start, from: undefined, by: undefined }];
  const edges: number[][] = [];
  let steps = 0;
  for (let at = 0; at < nodes.length; at += 1) {
    const node = nodes[at];
    if (!node) break;
    const possible = stepsOf(node.state, mutation);
    const fault = faultOf(node.state, possible, harm);
    if (fault !== '')
      return {
        states: nodes.length,
        steps,
        interleavings: 0n,
        counterexample: { fault, trace: traceTo(node) },
      };
    const out: number[] = [];
    for (const step of possible) {
      const state = next(node.state, step, mutation);
      const key = keyOf(state);
      let target = index.get(key);
      if (target === undefined) {
        target = nodes.length;
        index.set(key, target);
        nodes.push({ state, from: node, by: step });
      }
      steps += 1;
      // A double that changes nothing is no step.
      if (target !== at) out.push(target);
    }
    edges.push(out);
  }
  return { states: nodes.length, steps, interleavings: countPaths(edges), counterexample: undefined };
}

function traceTo(node: Node): Step[] {
  const trace: Step[] = [];
  for (let at: Node | undefined = node; at?.by; at = at.from) trace.unshift(at.by);
  return trace;
}

/** Ways from the first node to any node without a way on. Throws when there is a circle: the engine could go round for ever. */
function countPaths(edges: readonly (readonly number[])[]): bigint {
  const ways = new Array<bigint | undefined>(edges.length);
  const open = new Uint8Array(edges.length);
  const stack: [node: number, next: number][] = [[0, 0]];
  open[0] = 1;
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const [node, at] = top;
    const out = edges[node] ?? [];
    const target = out[at];
    if (target === undefined) {
      ways[node] = out.length === 0 ? 1n : out.reduce((sum, to) => sum + (ways[to] ?? 0n), 0n);
      open[node] = 0;
      stack.pop();
      continue;
    }
    top[1] = at + 1;
    if (ways[target] !== undefined) continue;
    if (open[target] === 1) throw new Error('the model goes round in a circle');
    open[target] = 1;
    stack.push([target, 0]);
  }
  return ways[0] ?? 0n;
}
