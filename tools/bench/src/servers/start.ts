import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { bareHttp } from './bare-http';
import { bareStorm } from './bare-storm';
import { bareBroadcast, bareIdle } from './bare-ws';
import { editors } from './editors';
import { objectReadsCached, objectReadsUncached } from './object-reads';
import { socketIoBroadcast } from './socket-io';

/** What a process of its own can be: its CPU and memory are its own, too. */
const SERVERS = {
  'bare-ws': bareBroadcast,
  'bare-idle': bareIdle,
  'socket-io': socketIoBroadcast,
  'bare-http': bareHttp,
  'bare-storm': bareStorm,
  editors,
  'object-reads-cached': objectReadsCached,
  'object-reads-uncached': objectReadsUncached,
} as const;

export type ServerName = keyof typeof SERVERS;

const FLAG = '--server=';

/** True when this process was started to be a server. */
export function isServer(args: readonly string[]): boolean {
  const name = args.find((arg) => arg.startsWith(FLAG))?.slice(FLAG.length);
  if (name === undefined || !Object.hasOwn(SERVERS, name)) return false;
  void SERVERS[name as ServerName]();
  return true;
}

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly send: (message: object) => void;
  /** The next message that it sends. */
  readonly answer: () => Promise<unknown>;
}

/** Runs with such a server in a process of its own. */
export function withServer<T>(
  name: ServerName,
  run: (server: RunningServer) => Promise<T>,
  nodeOptions: readonly string[] = [],
): Promise<T> {
  return using(fork(process.argv[1] ?? '', [`${FLAG}${name}`], { execArgv: [...nodeOptions] }), run);
}

/** The same with a program of the workspace, which no tool may import: an app's. */
export function withProgram<T>(
  entry: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  run: (server: RunningServer) => Promise<T>,
): Promise<T> {
  const options = { execArgv: [], env: { ...process.env, ...env } };
  return using(fork('tools/dev/run.mjs', [entry, ...args], options), run);
}

async function using<T>(child: ChildProcess, run: (server: RunningServer) => Promise<T>): Promise<T> {
  try {
    const [port] = (await once(child, 'message')) as [number];
    const answer = async (): Promise<unknown> => ((await once(child, 'message')) as [unknown])[0];
    return await run({ pid: child.pid ?? 0, port, send: (message) => void child.send(message), answer });
  } finally {
    child.disconnect();
    await once(child, 'exit');
  }
}
