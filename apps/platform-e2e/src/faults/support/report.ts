import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './root';

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

/** `./dev test` shows what stands here in the end: Jest's output of what passes is not seen. */
const NOTES = join(ROOT, 'dist/test-reports/platform-e2e.notes.txt');

/** A line for whoever watches, past Jest's own console, which would add a stack to it. */
export function note(line: string): void {
  process.stdout.write(`  ${line}\n`);
  mkdirSync(dirname(NOTES), { recursive: true });
  appendFileSync(NOTES, `  ${line}\n`);
}

/** One line per fault. */
export function say(report: FaultReport): void {
  const { fault, flowMs, readyMs, acknowledged, refused, reconnects, peerP50Ms, peerP99Ms } = report;
  const parts = [
    `edits flow after ${seconds(flowMs)}`,
    `ready after ${seconds(readyMs)}`,
    `${acknowledged} edits acknowledged${refused > 0 ? `, ${refused} refused` : ''}`,
    `${reconnects} reconnects`,
    `edit → peer p50 ${peerP50Ms.toFixed(1)} ms, p99 ${peerP99Ms.toFixed(1)} ms`,
  ];
  note(`fault: ${fault}: ${parts.join('; ')}`);
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
