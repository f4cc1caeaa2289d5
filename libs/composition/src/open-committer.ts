import { type BraneMessage, type Committer, createCommitter, createPublisher } from '@state-server/commit';
import type { BraneId } from '@state-server/domain';
import type { Bus } from '@state-server/messaging-port';
import type { Store } from '@state-server/persistence-port';
import type { Service } from '@state-server/platform';
import { commitMetrics } from './commit-metrics';

export interface OpenCommitterOptions {
  readonly store: Store;
  readonly bus: Bus;
  /** Told of committed entries before the bus is: a gateway serves its own rooms first. */
  readonly onCommitted?: (braneId: BraneId, messages: readonly BraneMessage[]) => void;
}

/** The write path of a service: its entries go on the bus, and it finishes what is in hand when the service ends. */
export function openCommitter(service: Service, options: OpenCommitterOptions): Committer {
  const { environment, instance } = service;
  const publisher = createPublisher({ bus: options.bus, environment });
  const committer = createCommitter({
    store: options.store,
    environment,
    // New at each start (SYNC L5).
    writerId: `${instance}-${environment.ids.uuid()}`,
    metrics: commitMetrics(service),
    publish: (braneId, messages) => {
      options.onCommitted?.(braneId, messages);
      publisher.publish(braneId, messages);
    },
  });
  service.onClose('committer', async () => {
    await committer.drain();
    publisher.stop();
  });
  return committer;
}
