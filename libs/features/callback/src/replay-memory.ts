import { createHash } from 'node:crypto';
import type { Clock } from '@state-server/domain';

/** A message whose signature is good can come again this long: the tolerance of its timestamp, both ways. */
const REMEMBERED_MS = 2 * 300 * 1_000;
const MAX_REMEMBERED = 50_000;

interface Remembered {
  readonly digest: string;
  readonly job_id: string;
  readonly until: number;
}

/**
 * Messages that are durable, by their id: the same one again is answered before it is decoded. Only a shortcut: that an
 * effect happens once rests on the store's record, for ever and over all processes (CB4).
 */
export class ReplayMemory {
  private readonly known = new Map<string, Remembered>();

  constructor(private readonly clock: Clock) {}

  /** The job of the same message with the same body; undefined when there was none. */
  find(id: string, body: Uint8Array): string | undefined {
    const found = this.known.get(id);
    if (!found || found.until <= this.clock.monotonic() || found.digest !== digestOf(body)) return undefined;
    return found.job_id;
  }

  remember(id: string, body: Uint8Array, jobId: string): void {
    const now = this.clock.monotonic();
    // In the order of their coming: the oldest stand first.
    for (const [oldest, { until }] of this.known) {
      if (until > now && this.known.size < MAX_REMEMBERED) break;
      this.known.delete(oldest);
    }
    this.known.delete(id);
    this.known.set(id, { digest: digestOf(body), job_id: jobId, until: now + REMEMBERED_MS });
  }
}

function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64');
}
