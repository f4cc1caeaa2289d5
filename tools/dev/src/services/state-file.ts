import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { type Where } from '../options';
import { isRunning } from './process-identity';

const identity = { pid: z.int(), started: z.string() };

const stateSchema = z.object({
  origin: z.string(),
  supervisor: z.object(identity),
  /** `process` is null while a service that ended waits for its restart. */
  services: z.array(
    z.object({
      name: z.string(),
      url: z.string(),
      metrics: z.exactOptional(z.string()),
      process: z.nullable(z.object(identity)),
    }),
  ),
});

/** What `up` started here: the other commands find it by this file. */
export type RunState = z.infer<typeof stateSchema>;

const fileIn = (dataDir: string): string => join(dataDir, 'dev.json');

/** The state as it was written last, whether its processes still run or not. */
export function readState(dataDir: string): RunState | undefined {
  try {
    return stateSchema.parse(JSON.parse(readFileSync(fileIn(dataDir), 'utf8')));
  } catch {
    // No file, or one that another version wrote: nothing of this version runs here.
    return undefined;
  }
}

/** The state of the run that is meant: see Where. */
export function readRun({ dataDir, port }: Where): RunState | undefined {
  const state = readState(dataDir);
  return state && port !== undefined && new URL(state.origin).port !== String(port) ? undefined : state;
}

export function writeState(dataDir: string, state: RunState): void {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${fileIn(dataDir)}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(state, undefined, 2));
  renameSync(draft, fileIn(dataDir));
}

export const removeState = (dataDir: string): void => rmSync(fileIn(dataDir), { force: true });

/** Names of what still runs of a state: its supervisor and its services. */
export function survivors(state: RunState): string[] {
  const names = state.services.filter((service) => service.process && isRunning(service.process));
  return [...(isRunning(state.supervisor) ? ['./dev up'] : []), ...names.map((service) => service.name)];
}
