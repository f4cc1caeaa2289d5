import { type Client, type ClientOptions, createClient } from '@state-server/client';
import { asBraneId, type BraneId, type UserId } from '@state-server/domain';
import { decodeCbor, encodeCbor, FROM_SERVER } from '@state-server/protocol';
import { WebSocket } from 'ws';

export interface Service {
  readonly name: string;
  readonly pid: number | null;
  readonly url: string;
  readonly ready: boolean;
}

interface Status {
  readonly origin: string;
  readonly services: readonly Service[];
}

const status = JSON.parse(process.env['E2E_STATUS'] ?? '{"origin":"","services":[]}') as Status;

export const origin = status.origin;

export function service(name: string): Service {
  const found = status.services.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`the system under test has no service ${name}`);
  return found;
}

export function gateways(): readonly Service[] {
  return status.services.filter((candidate) => candidate.name.startsWith('sync-gateway'));
}

/** The WebSocket of one particular gateway, past the origin. */
export function gatewaySocket(index: number): string {
  const gateway = gateways()[index];
  if (!gateway) throw new Error(`the system under test has no gateway ${index}`);
  return `${gateway.url.replace(/^http/, 'ws')}/ws`;
}

const opened: Client[] = [];

/** A signed-in SDK client; closed by `closeClients` after the test. */
export async function signIn(name: string, options: Partial<ClientOptions> = {}): Promise<Client> {
  const client = createClient({
    origin,
    WebSocket: WebSocket,
    name: 'e2e',
    ...options,
  });
  opened.push(client);
  await client.signInDev(name);
  return client;
}

export function closeClients(): void {
  for (const client of opened.splice(0)) client.close();
}

export function userOf(client: Client): UserId {
  if (!client.user) throw new Error('nobody is signed in');
  return client.user.id as UserId;
}

export async function newBrane(owner: Client, name = 'a brane'): Promise<BraneId> {
  const { id } = await owner.rest.createBrane({ name, visibility: 'private' });
  return asBraneId(id);
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A request without the SDK's help: exactly these bytes and headers. */
export async function raw(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: Uint8Array | string } = {},
): Promise<RawAnswer> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: options.headers ?? {},
    signal: AbortSignal.timeout(10_000),
    ...(options.body === undefined ? {} : { body: options.body as BodyInit }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const type = response.headers.get('content-type') ?? '';
  return { status: response.status, headers: response.headers, body: decodeBody(type, bytes) };
}

function decodeBody(type: string, bytes: Uint8Array): unknown {
  if (bytes.length === 0) return undefined;
  if (type.startsWith('application/cbor')) return decodeCbor(bytes, FROM_SERVER);
  const text = new TextDecoder().decode(bytes);
  return type.startsWith('application/json') ? JSON.parse(text) : text;
}

/** The access token of a dev sign-in, for raw requests. */
export async function tokenOf(name: string): Promise<string> {
  const answer = await raw('POST', '/auth/dev', {
    headers: { 'content-type': 'application/cbor', accept: 'application/cbor' },
    body: encodeCbor({ name }),
  });
  return (answer.body as { access_token: string }).access_token;
}

export function errorCode(answer: RawAnswer): string {
  return (answer.body as { error: { code: string } }).error.code;
}
