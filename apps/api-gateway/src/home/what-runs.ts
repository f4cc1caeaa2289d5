import type { Clock } from '@state-server/domain';

export interface Neighbour {
  readonly name: string;
  /** `http://host:port`. */
  readonly url: string;
}

export interface NeighbourState {
  readonly name: string;
  readonly status: 'ok' | 'unavailable';
}

/** Milliseconds that one look may take, and that its result is good for. */
const LOOK_MS = 500;
const FRESH_MS = 2_000;

/** Tells which services behind this origin are alive; looks at most every two seconds, however many ask. */
export function createWhatRuns(
  neighbours: readonly Neighbour[],
  clock: Clock,
  request: typeof fetch = fetch,
): () => Promise<readonly NeighbourState[]> {
  let last: { readonly at: number; readonly states: Promise<readonly NeighbourState[]> } | undefined;
  const look = async ({ name, url }: Neighbour): Promise<NeighbourState> => {
    try {
      const answer = await request(`${url}/health/live`, { signal: AbortSignal.timeout(LOOK_MS) });
      await answer.body?.cancel();
      return { name, status: answer.ok ? 'ok' : 'unavailable' };
    } catch {
      return { name, status: 'unavailable' };
    }
  };
  return () => {
    const now = clock.monotonic();
    if (!last || now - last.at >= FRESH_MS) last = { at: now, states: Promise.all(neighbours.map(look)) };
    return last.states;
  };
}
