import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { asBraneId, asObjectId, type BraneId, type ObjectId } from '@state-server/domain';
import { encodeFrame, PROTOCOL_VERSION, splitFrames, SUBPROTOCOLS } from '@state-server/protocol';
import { RawSocket } from './raw-socket';

/** Below the limit of sessions of one user on one gateway. */
export const SESSIONS_PER_USER = 50;

/** An access token of a new user, who comes from that address of this machine: sign-ins are limited by address. */
export async function signIn(origin: string, name: string, from?: string): Promise<string> {
  const { access_token: token } = await post<{ readonly access_token: string }>(
    `${origin}/auth/dev`,
    { name },
    {},
    from,
  );
  return token;
}

/** A public brane with one block in it, by REST. */
export async function newBrane(
  origin: string,
  token: string,
): Promise<{ readonly braneId: BraneId; readonly objectId: ObjectId }> {
  const headers = (): Record<string, string> => ({
    authorization: `Bearer ${token}`,
    'idempotency-key': crypto.randomUUID(),
  });
  const brane = { name: 'bench', visibility: 'public' };
  const { id } = await post<{ readonly id: string }>(`${origin}/brane`, brane, headers());
  const block = { kind: 'block', brane_id: id, parent_id: id };
  const object = await post<{ readonly id: string }>(`${origin}/object`, block, headers());
  return { braneId: asBraneId(id), objectId: asObjectId(object.id) };
}

async function post<T>(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>>,
  localAddress?: string,
): Promise<T> {
  const sent = request(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', accept: 'application/json' },
    ...(localAddress === undefined ? {} : { localAddress }),
  });
  sent.end(JSON.stringify(body));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const text = (await answer.setEncoding('utf8').toArray()).join('');
  if (answer.statusCode === undefined || answer.statusCode >= 300) throw new Error(`POST ${url}: ${text}`);
  return JSON.parse(text) as T;
}

/** A session that has been welcomed. */
export async function openSession(url: string, token: string): Promise<RawSocket> {
  const socket = await RawSocket.open(url, SUBPROTOCOLS.cbor);
  const client = { name: 'bench', version: '1', protocol: PROTOCOL_VERSION };
  const welcome = socket.next(holds('session.welcome'));
  socket.send(encodeFrame({ type: 'session.hello', token, client }, 'cbor'));
  await welcome;
  return socket;
}

/** A session that has joined the brane and has all of it. */
export async function joinedSession(url: string, token: string, braneId: BraneId): Promise<RawSocket> {
  const socket = await openSession(url, token);
  const synced = socket.next(holds('brane.synced'));
  socket.send(encodeFrame({ type: 'brane.join', brane_id: braneId }, 'cbor'));
  await synced;
  return socket;
}

/** Of the n-th user: the whole of 127/8 is this machine. */
export function addressOf(user: number): string {
  return `127.0.1.${user + 1}`;
}

/** So many of them, of several users: one user may only have so many. */
export async function joinedSessions(
  origin: string,
  url: string,
  braneId: BraneId,
  count: number,
): Promise<RawSocket[]> {
  const sockets: RawSocket[] = [];
  for (let user = 0; sockets.length < count; user += 1) {
    const token = await signIn(origin, `Listener ${crypto.randomUUID()}`, addressOf(user));
    const some = Array.from({ length: Math.min(SESSIONS_PER_USER, count - sockets.length) }, () =>
      joinedSession(url, token, braneId),
    );
    sockets.push(...(await Promise.all(some)));
  }
  return sockets;
}

/** Types of the frames in one message of the server. */
export function framesIn(
  message: Uint8Array,
): { readonly type: string; readonly [field: string]: unknown }[] {
  return splitFrames(new Uint8Array(message)) as { readonly type: string }[];
}

function holds(type: string): (message: Buffer) => boolean {
  return (message) => {
    const frames = framesIn(message);
    const refusal = frames.find((frame) => frame.type === 'system.error');
    if (refusal) throw new Error(`refused: ${JSON.stringify(refusal)}`);
    return frames.some((frame) => frame.type === type);
  };
}
