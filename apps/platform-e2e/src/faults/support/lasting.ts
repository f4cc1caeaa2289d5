import { until } from '@state-server/testing';

/** A fault goes on for so long: what is waited for is the end of that time. */
export async function lasting(ms: number): Promise<void> {
  const end = performance.now() + ms;
  await until(() => performance.now() >= end, { timeoutMs: ms + 10_000, everyMs: 20 });
}
