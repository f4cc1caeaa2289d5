import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeJson } from '@state-server/protocol';
import { type FaultSystem } from './fault-system';

export interface CallbackAnswer {
  readonly status: number;
  readonly code: string | undefined;
}

/** What a worker with a right clock and the right secret is answered who reports on a job that nobody knows. */
export async function reportUnknownJob(system: FaultSystem): Promise<CallbackAnswer> {
  const secret = readFileSync(join(system.data, 'keys/callback-secret'), 'utf8')
    .trim()
    .slice('whsec_'.length);
  const body = encodeJson({
    job_id: 'nobody-knows',
    attempt: 1,
    event: 'started',
    state: 'running',
    worker: 'w',
  });
  const id = `msg-${crypto.randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const digest = createHmac('sha256', Buffer.from(secret, 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64');
  const answer = await fetch(`${system.service('callback-ingest').url}/internal/callbacks/model.preview.v1`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${digest}`,
    },
    body,
  });
  const { error } = (await answer.json()) as { readonly error?: { readonly code: string } };
  return { status: answer.status, code: error?.code };
}
