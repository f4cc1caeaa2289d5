import { type Client, StateError } from '@state-server/client';
import { type BraneId } from '@state-server/domain';
import { until } from '@state-server/testing';

/** Creates objects by REST, each under a key of its own that is sent again until it is answered. Answers their ids. */
export async function createKeyed(client: Client, braneId: BraneId, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const body = { brane_id: braneId, kind: 'block', parent_id: braneId, name: `keyed ${index}` };
    const answer = await until(
      () => unlessAway(client.request({ method: 'POST', path: '/object', headers, body })),
      {
        timeoutMs: 30_000,
        everyMs: 20,
      },
    );
    ids.push((answer.body as { readonly id: string }).id);
  }
  return ids;
}

/** Each key has made one object and no more (I5). */
export async function keyedFaults(
  client: Client,
  braneId: BraneId,
  ids: readonly string[],
): Promise<string[]> {
  const { objects } = await client.rest.snapshot(braneId);
  const made = objects.filter(({ name }) => name.startsWith('keyed '));
  const present = new Set<string>(made.map(({ id }) => id));
  return [
    ...(made.length === ids.length ? [] : [`${ids.length} keys made ${made.length} objects`]),
    ...ids.filter((id) => !present.has(id)).map((id) => `${id} was answered and is not there`),
  ];
}

async function unlessAway<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StateError && error.retryable) return undefined;
    throw error;
  }
}
