import {
  decodeCbor,
  decodeJson,
  encodeCbor,
  MEDIA_TYPES,
  toEnvelope,
  toStateError,
} from '@state-server/protocol';
import type { Coverage } from '../coverage';
import type { Dice } from '../kernel/dice';
import type { SimProcess } from '../kernel/sim-process';
import type { Report } from '../kernel/violation';
import { answer, type RestRequest } from './rest-door';
import { describe, type WriterNode } from './server-node';
import type { SignIns } from './sign-ins';
import type { Weather } from './weather';

export interface HttpWorld {
  readonly dice: Dice;
  readonly weather: Weather['net'];
  readonly coverage: Coverage;
  readonly signIns: SignIns;
  readonly report: Report;
  readonly offline: ReadonlySet<SimProcess>;
  /** Those that take requests at the moment. */
  readonly doors: () => readonly WriterNode[];
}

/** The global `fetch` of one client's machine: a request that may be lost, on its way there or back. */
export function fetchOf(client: SimProcess, world: HttpWorld): typeof fetch {
  const { dice, weather, coverage } = world;
  const wayMs = (): number => dice.between(1, 2 * weather.latencyMs);
  return (input, init) =>
    new Promise<Response>((resolve, reject) => {
      if (!client.effect()) return;
      coverage.count('rest_calls');
      init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
      const fails = (): void =>
        client.after(wayMs(), 'http.failed', () => reject(new TypeError('fetch failed')));
      const node = world.offline.has(client) ? undefined : dice.pick(world.doors());
      if (!node) return fails();
      if (dice.chance(weather.lostRequests)) {
        coverage.count('rest_lost');
        if (dice.chance(0.5)) fails();
        return;
      }
      const request = requestOf(input as string, init);
      node.process.onDeath(fails);
      node.process.after(wayMs(), 'http.request', () => {
        void serve(node, world, request).then((response) => {
          if (!node.process.effect()) return;
          if (!dice.chance(weather.lostRequests))
            client.after(wayMs(), 'http.answer', () => resolve(response));
          else coverage.count('rest_lost');
        });
      });
    });
}

async function serve(node: WriterNode, world: HttpWorld, request: RestRequest): Promise<Response> {
  try {
    return responseOf(200, await answer(node, world.signIns, request));
  } catch (thrown) {
    const error = toStateError(thrown);
    if (error.code === 'internal') world.report('SIM-13', `${request.path}: ${describe(error)}`);
    return responseOf(error.status, toEnvelope(error, 'simulated'));
  }
}

/** The part of a Response that the SDK looks at: the real one takes turns of the event loop that no seed knows of. */
function responseOf(status: number, body: unknown): Response {
  const bytes = new Uint8Array(encodeCbor(body));
  const response = {
    ok: status < 400,
    status,
    headers: new Headers({ 'content-type': MEDIA_TYPES.cbor }),
    arrayBuffer: () => Promise.resolve(bytes),
  };
  return response as unknown as Response;
}

function requestOf(url: string, init: RequestInit | undefined): RestRequest {
  const headers = (init?.headers ?? {}) as Readonly<Record<string, string>>;
  return {
    method: init?.method ?? 'GET',
    path: new URL(url).pathname,
    token: headers['authorization']?.slice('Bearer '.length),
    key: headers['idempotency-key'],
    body: bodyOf(init?.body),
  };
}

function bodyOf(body: unknown): RestRequest['body'] {
  if (body instanceof Uint8Array) return decodeCbor(body) as RestRequest['body'];
  return typeof body === 'string' ? (decodeJson(body) as RestRequest['body']) : {};
}
