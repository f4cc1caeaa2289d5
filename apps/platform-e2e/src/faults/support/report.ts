/** What a fault cost; times in ms from the mark of the load. */
export interface FaultReport {
  readonly fault: string;
  /** Until edits of every editor were acknowledged and seen by all others again. */
  readonly flowMs: number;
  /** Until all services were ready. */
  readonly readyMs: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly reconnects: number;
  /** From the making of an edit (after the mark) to its sight on a peer's side. */
  readonly peerP50Ms: number;
  readonly peerP99Ms: number;
}

/** One line per fault, past Jest's own console, which would add a stack to it. */
export function say(report: FaultReport): void {
  const { fault, flowMs, readyMs, acknowledged, refused, reconnects, peerP50Ms, peerP99Ms } = report;
  const parts = [
    `edits flow after ${seconds(flowMs)}`,
    `ready after ${seconds(readyMs)}`,
    `${acknowledged} edits acknowledged${refused > 0 ? `, ${refused} refused` : ''}`,
    `${reconnects} reconnects`,
    `edit → peer p50 ${peerP50Ms.toFixed(1)} ms, p99 ${peerP99Ms.toFixed(1)} ms`,
  ];
  process.stdout.write(`  fault: ${fault}: ${parts.join('; ')}\n`);
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
