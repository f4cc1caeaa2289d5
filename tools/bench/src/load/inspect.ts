import { once } from 'node:events';
import { residentBytes, until } from '@state-server/testing';
import { WebSocket } from 'ws';

/** Bytes of one process, after its garbage was collected. */
export interface Memory {
  /** What the kernel holds for it (VmRSS of /proc/PID/status). */
  readonly rss: number;
  /** Live objects of JavaScript. */
  readonly heap: number;
}

/**
 * Collects the garbage of a process that was started with `--inspect-port=PORT`, then measures it: by the protocol of
 * Node's debugger (https://chromedevtools.github.io/devtools-protocol), which SIGUSR1 opens.
 */
export async function memoryOf(pid: number, inspectPort: number): Promise<Memory> {
  process.kill(pid, 'SIGUSR1');
  const url = await until(() => debuggerUrl(inspectPort), { what: 'the debugger answers' });
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await once(socket, 'open');
  let id = 0;
  const call = async (method: string): Promise<Record<string, unknown>> => {
    socket.send(JSON.stringify({ id: (id += 1), method }));
    const [message] = (await once(socket, 'message')) as [Buffer];
    return (JSON.parse(message.toString()) as { result: Record<string, unknown> }).result;
  };
  // Twice: what the first collection frees may hold the last reference to more.
  for (let turn = 0; turn < 2; turn += 1) await call('HeapProfiler.collectGarbage');
  const { usedSize } = await call('Runtime.getHeapUsage');
  socket.close();
  return { rss: residentBytes(pid) ?? Number.NaN, heap: Number(usedSize) };
}

async function debuggerUrl(port: number): Promise<string | undefined> {
  const answer = await fetch(`http://127.0.0.1:${port}/json/list`);
  const [target] = (await answer.json()) as { readonly webSocketDebuggerUrl?: string }[];
  return target?.webSocketDebuggerUrl;
}
