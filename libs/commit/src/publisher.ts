import type { BraneId, Environment } from '@state-server/domain';
import { type Bus, channels } from '@state-server/messaging-port';
import type { BraneMessage } from './committer';
import { createHeadHeartbeat } from './heartbeat';
import { encodeBraneMessages, encodeHeads } from './messages';

export interface Publisher {
  /** `deps.publish` of `createCommitter`: the entries on the brane's channel, and the head into the heartbeat. */
  readonly publish: (braneId: BraneId, messages: readonly BraneMessage[]) => void;
  stop(): void;
}

/** Puts committed entries on the bus and keeps the heartbeat of heads (SYNC R5). */
export function createPublisher(deps: {
  readonly bus: Pick<Bus, 'publish'>;
  readonly environment: Pick<Environment, 'clock' | 'timers'>;
}): Publisher {
  const heartbeat = createHeadHeartbeat({
    environment: deps.environment,
    publish: (heads) => deps.bus.publish(channels.heads, encodeHeads(heads)),
  });
  return {
    publish(braneId, messages) {
      const last = messages.at(-1);
      if (!last) return;
      deps.bus.publish(channels.brane(braneId), encodeBraneMessages(messages));
      heartbeat.advanced(braneId, last.epoch, last.seq);
    },
    stop: () => heartbeat.stop(),
  };
}
