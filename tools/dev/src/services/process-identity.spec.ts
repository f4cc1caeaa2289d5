import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { identify, isRunning, signalProcess, untilGone } from './process-identity';

describe('identity of a process', () => {
  it('knows a running process, and that it has ended', async () => {
    const child = spawn('sleep', ['60']);
    const identity = identify(child.pid ?? 0);
    if (!identity) throw new Error('a running process has an identity');
    expect(isRunning(identity)).toBe(true);
    expect(signalProcess(identity, 'SIGKILL')).toBe(true);
    await once(child, 'exit');
    expect(isRunning(identity)).toBe(false);
    expect(signalProcess(identity, 'SIGKILL')).toBe(false);
  });

  it('is waited for until it has gone', async () => {
    const child = spawn('sleep', ['60']);
    let gone = false;
    const waiting = untilGone(child.pid ?? 0).then(() => (gone = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(gone).toBe(false);
    child.kill('SIGKILL');
    await waiting;
    await untilGone(child.pid ?? 0);
  });

  it('never signals another process that was given the same pid', async () => {
    const child = spawn('sleep', ['60']);
    expect(signalProcess({ pid: child.pid ?? 0, started: 'an hour ago' }, 'SIGKILL')).toBe(false);
    expect(child.killed).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(child.signalCode).toBe('SIGKILL');
  });
});
