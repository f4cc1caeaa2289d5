import type { BraneId, Epoch, Environment, TimerHandle } from '@state-server/domain';
import type { HeadNotice } from './messages';

/** How long after its last advance a head is still announced, ms (SYNC R5). */
export const HEAD_ANNOUNCED_MS = 10_000;
/** Between two announcements, ms (SYNC R5). */
export const HEARTBEAT_MS = 1_000;
/** Heads in one announcement; more go out as several. */
const HEADS_PER_MESSAGE = 1_000;

export interface HeadHeartbeat {
  /** A commit of this process moved the head here; announced from now on for 10 s. */
  advanced(braneId: BraneId, epoch: Epoch, seq: number): void;
  /** Announces what is due at once (before a shutdown), then falls silent. */
  stop(): void;
}

interface Advanced {
  readonly epoch: Epoch;
  readonly seq: number;
  readonly at: number;
}

/**
 * The writers' side of SYNC R5: once a second, the heads that this process advanced in the last 10 s. It lets gateways
 * notice that the last message of a brane was lost, when no later one shows the hole. No timer runs while there is
 * nothing to announce.
 */
export function createHeadHeartbeat(deps: {
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
  /** Usually: `bus.publish(channels.heads, encodeHeads(heads))`. Must not throw. */
  readonly publish: (heads: readonly HeadNotice[]) => void;
}): HeadHeartbeat {
  const { clock, timers } = deps.environment;
  const heads = new Map<BraneId, Advanced>();
  let timer: TimerHandle | undefined;
  let stopped = false;

  const announce = (): void => {
    const now = clock.monotonic();
    const due: HeadNotice[] = [];
    for (const [braneId, head] of heads) {
      if (now - head.at > HEAD_ANNOUNCED_MS) heads.delete(braneId);
      else due.push({ brane_id: braneId, epoch: head.epoch, seq: head.seq });
    }
    for (let start = 0; start < due.length; start += HEADS_PER_MESSAGE) {
      deps.publish(due.slice(start, start + HEADS_PER_MESSAGE));
    }
  };

  const schedule = (): void => {
    if (timer !== undefined || stopped || heads.size === 0) return;
    timer = timers.set(HEARTBEAT_MS, () => {
      timer = undefined;
      announce();
      schedule();
    });
  };

  return {
    advanced(braneId, epoch, seq) {
      heads.set(braneId, { epoch, seq, at: clock.monotonic() });
      schedule();
    },
    stop() {
      if (stopped) return;
      stopped = true;
      if (timer !== undefined) timers.clear(timer);
      announce();
      heads.clear();
    },
  };
}
