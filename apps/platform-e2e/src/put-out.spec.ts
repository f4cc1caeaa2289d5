import { type Client, createClient, type LiveBrane } from '@state-server/client';
import type { BraneId } from '@state-server/domain';
import { until } from '@state-server/testing';
import { WebSocket } from 'ws';
import { closeClients, gatewaySocket, newBrane, origin, signIn, userOf } from './support/platform';

/** How long anybody may still be in who is to be out, ms: the promise, on every gateway. */
const OUT_WITHIN_MS = 2_000;

/** What becomes of somebody in a brane, as his SDK tells. */
function watch(brane: LiveBrane): { readonly left: string[]; readonly roles: string[] } {
  const told = { left: [] as string[], roles: [] as string[] };
  brane.events.on('left', ({ reason }) => told.left.push(reason));
  brane.events.on('role', (role) => told.roles.push(role));
  return told;
}

describe('whoever is put out', () => {
  const guests: Client[] = [];
  let ada: Client;
  let id: BraneId;
  beforeEach(async () => {
    ada = await signIn('Ada', { webSocketUrl: gatewaySocket(0) });
    id = await newBrane(ada);
  });
  afterEach(() => {
    closeClients();
    for (const guest of guests.splice(0)) guest.close();
  });

  const ask = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const headers = { 'idempotency-key': crypto.randomUUID() };
    const answer = await ada.request({
      method,
      path,
      headers,
      ...(body === undefined ? {} : { body }),
    } as never);
    return answer.body as T;
  };
  const moderate = (action: string, user_id: string): Promise<unknown> =>
    ask('POST', `/brane/${id}/moderation`, { action, user_id, reason: 'noise' });
  const outInTime = (condition: () => boolean, what: string): Promise<unknown> =>
    until(condition, { timeoutMs: OUT_WITHIN_MS, what });

  async function member(name: string): Promise<Client> {
    const client = await signIn(name, { webSocketUrl: gatewaySocket(1) });
    await ada.rest.setMember(id, userOf(client), 'editor');
    return client;
  }

  async function guestBy(token: string): Promise<Client> {
    const guest = createClient({ origin, WebSocket, name: 'e2e', webSocketUrl: gatewaySocket(1) });
    guests.push(guest);
    const answer = await fetch(`${origin}/auth/guest`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ link: token, name: 'Gus' }),
      signal: AbortSignal.timeout(10_000),
    });
    expect(answer.status).toBe(200);
    guest.useTokens((await answer.json()) as Parameters<Client['useTokens']>[0]);
    return guest;
  }

  it('by a kick is out within 2 s on another gateway, is told why, and may come back (MOD-5)', async () => {
    const bob = await member('Bob');
    const told = watch(await bob.join(id));
    await moderate('kick', userOf(bob));
    await outInTime(() => told.left.length > 0, 'the kicked one to be out');
    expect(told.left).toEqual(['kicked']);
    const again = await bob.join(id);
    await again.create({ kind: 'block', parent_id: id }).saved;
  });

  it('by a ban is out within 2 s, and it is as if there were no such brane until the ban is lifted (MOD-5)', async () => {
    const bob = await member('Bob');
    const told = watch(await bob.join(id));
    await moderate('ban', userOf(bob));
    await outInTime(() => told.left.length > 0, 'the banned one to be out');
    expect(told.left).toEqual(['banned']);
    await expect(bob.join(id)).rejects.toMatchObject({ code: 'brane.not_found' });
    await expect(bob.rest.brane(id)).rejects.toMatchObject({ status: 404 });
    await ask('DELETE', `/brane/${id}/moderation/ban/${userOf(bob)}`);
    await until(() => bob.join(id));
  });

  it('by a mute sees within 2 s that he may only look, and what he makes is refused (MOD-5)', async () => {
    const bob = await member('Bob');
    const brane = await bob.join(id);
    const told = watch(brane);
    await moderate('mute', userOf(bob));
    await outInTime(() => told.roles.includes('viewer'), 'the muted one to be told');
    await expect(brane.create({ kind: 'block', parent_id: id }).saved).rejects.toMatchObject({
      code: 'permission.denied',
    });
    expect(told.left).toEqual([]);
  });

  it('with the link that he came by: his socket closes within 2 s, and his token is worth nothing (GUEST-4, F1)', async () => {
    const link = await ask<{ id: string; token: string }>('POST', `/brane/${id}/links`, { role: 'editor' });
    const gus = await guestBy(link.token);
    const brane = await gus.join(id);
    const told = watch(brane);
    await brane.create({ kind: 'block', parent_id: id, name: 'by a guest' }).saved;
    await ask('DELETE', `/brane/${id}/links/${link.id}`);
    await outInTime(() => told.left.length > 0 || gus.status.state !== 'open', 'the guest to be out');
    await expect(gus.rest.brane(id)).rejects.toMatchObject({
      code: expect.stringMatching(/^auth\./) as string,
    });
  });

  it('of a company is out of its branes within 2 s (CO-6)', async () => {
    const company = await ask<{ id: string }>('POST', '/company', { name: 'Harbour', brane_role: 'editor' });
    const owned = await ask<{ id: string }>('POST', '/brane', {
      name: 'dock',
      visibility: 'private',
      company_id: company.id,
    });
    const bob = await signIn('Bob', { webSocketUrl: gatewaySocket(1) });
    await ask('PUT', `/company/${company.id}/members/${userOf(bob)}`, { role: 'member' });
    const brane = await until(() => bob.join(owned.id as BraneId));
    const told = watch(brane);
    await brane.create({ kind: 'block', parent_id: owned.id as never }).saved;
    await ask('DELETE', `/company/${company.id}/members/${userOf(bob)}`);
    await outInTime(() => told.left.length > 0, 'the former member to be out');
    await expect(bob.rest.brane(owned.id as BraneId)).rejects.toMatchObject({ status: 404 });
  });

  it('with the key of his program: REST and sockets know it no more within 2 s (SVC-4)', async () => {
    const service = await ask<{ id: string }>('POST', '/users/me/service-accounts', { name: 'crane' });
    const made = await ask<{ id: string; key: string }>(
      'POST',
      `/users/me/service-accounts/${service.id}/keys`,
      { scopes: ['brane:read', 'brane:write'], expires_in_days: 1 },
    );
    await ada.rest.setMember(id, service.id as never, 'editor');
    const bot = createClient({ origin, WebSocket, name: 'bot', webSocketUrl: gatewaySocket(1) });
    guests.push(bot);
    bot.useTokens({
      access_token: made.key,
      refresh_token: '',
      expires_in: 86_400,
      user: { id: service.id, name: 'crane' },
    });
    const brane = await bot.join(id);
    await brane.create({ kind: 'block', parent_id: id, name: 'by a program' }).saved;
    await bot.rest.createObject({ brane_id: id, kind: 'block', parent_id: id });
    await ask('DELETE', `/users/me/service-accounts/${service.id}/keys/${made.id}`);
    await outInTime(() => bot.status.state !== 'open', 'the socket of the key to close');
    await expect(bot.rest.brane(id)).rejects.toMatchObject({ status: 401 });
  });
});
