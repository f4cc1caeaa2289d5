import { describeExit } from './child';
import { type ServiceEvent } from './service';

/** What a person reads about a service while all of them run; undefined when it is not worth a line. */
export function eventLine(event: ServiceEvent): string | undefined {
  switch (event.kind) {
    case 'started':
      return undefined;
    case 'ready':
      return event.again ? `✔ ${event.name} is ready again (${(event.ms / 1_000).toFixed(1)} s)` : undefined;
    case 'ended': {
      const seconds = (event.restartInMs / 1_000).toFixed(1);
      return `✖ ${event.name} ended (${describeExit(event.exit)}); restarting it in ${seconds} s`;
    }
    case 'silent':
      return `✖ ${event.name} does not answer while others do; killing it`;
    case 'slow':
      return `✖ ${event.name} does not get ready; killing it`;
  }
}
