import { assertInPlace } from '@state-server/features-guest';
import {
  assertPermitted,
  ConnectionCallers,
  type Identity,
  type TokenVerifier,
} from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import { type PlainGuards, routeOf } from '@state-server/platform';
import { limitCaller } from '../limits/rate-guard';
import type { RateLimits } from '../limits/rate-limits';

/** The guards of AppModule, in their order, for reads that stand beside Nest: who asks, then how often he may. */
export function plainGuards(verifier: TokenVerifier, limits: RateLimits, store: Store): PlainGuards {
  const callers = new ConnectionCallers(verifier);
  const enter = (request: Guarded[0], reply: Guarded[1], identity: Identity): void => {
    assertPermitted(identity, routeOf(request));
    Object.assign(request, { identity });
    limitCaller(limits, request, reply);
  };
  return {
    admitNow: (request, reply) => {
      const identity = callers.recall(connectionOf(request), request.headers.authorization);
      // Whether it is about a guest's own brane is looked up.
      if (!identity || identity.guest) return false;
      enter(request, reply, identity);
      return true;
    },
    admit: async (request, reply) => {
      const identity = await callers.identify(connectionOf(request), request.headers.authorization);
      await assertInPlace(store, identity, request);
      enter(request, reply, identity);
    },
  };
}

/** What lasts as long as the connection: over HTTP/2 each request shows a socket of its own, and one session. */
function connectionOf({ raw, socket }: Guarded[0]): object {
  const { stream } = raw as { readonly stream?: { readonly session?: object } };
  return stream?.session ?? socket;
}

type Guarded = Parameters<PlainGuards['admit']>;
