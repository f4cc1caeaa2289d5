import { asBraneId } from '@state-server/domain';
import { enterAsGuest, type EnterAsGuest } from '@state-server/features-auth';
import type { Bus } from '@state-server/messaging-port';
import { realEnvironment, silentLogger } from '@state-server/platform';
import type { GuestTokensResponse } from '@state-server/protocol';
import { type Ask, type Answer, type Caller, textOf, type TestGateway } from './gateway.spec-support';

export interface Guest {
  readonly id: string;
  readonly tokens: GuestTokensResponse;
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
}

/** What auth does for `POST /auth/guest`, over the store of the gateway. */
export async function enter(
  gateway: TestGateway,
  how: Partial<EnterAsGuest> & { readonly brane?: string },
  guestMs = 3_600_000,
): Promise<Guest> {
  const { store, committer, tokens, nobody } = gateway;
  const { brane, ...rest } = how;
  const entered = await enterAsGuest(
    {
      ...{ store, committer, guestMs, tokens: tokens.issuer },
      bus: { publish: () => undefined } as unknown as Bus,
      environment: realEnvironment,
      log: silentLogger(),
    },
    {
      ...{ name: 'Gus', address: '198.51.100.7', ...rest },
      ...(brane === undefined ? {} : { brane_id: asBraneId(brane) }),
    },
  );
  const authorization = `Bearer ${entered.access_token}`;
  return {
    id: entered.user.id,
    tokens: entered,
    ask: (method, path, ask = {}) =>
      nobody.ask(method, path, { ...ask, headers: { ...ask.headers, authorization } }),
  };
}

export interface MadeLink {
  readonly id: string;
  readonly token: string;
}

export async function makeLink(
  owner: Caller,
  brane: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<MadeLink> {
  const answer = await owner.ask('POST', `/brane/${brane}/links`, { body: { role: 'editor', ...fields } });
  return { id: textOf(answer, 'id'), token: textOf(answer, 'token') };
}

/** A link, and a guest who came by it. */
export interface Visit {
  readonly link: MadeLink;
  readonly guest: Guest;
}

export async function makeVisit(gateway: TestGateway, owner: Caller, brane: string): Promise<Visit> {
  const link = await makeLink(owner, brane);
  return { link, guest: await enter(gateway, { link: link.token }) };
}

/** One good request for each route of links, moderation and people, in an order in which they can follow each other. */
export function guestSamples(brane: () => string, visit: () => Visit) {
  const path = { id: brane };
  const onLink = { ...path, link_id: () => visit().link.id };
  const guest = () => visit().guest.id;
  const muting = (): unknown => ({ action: 'mute', user_id: guest(), reason: 'noise' });
  return {
    'links.create': { path, body: () => ({ role: 'viewer' }) },
    'links.list': { path },
    'links.update': { path: onLink, body: () => ({ uses_max: 5 }) },
    'people.list': { path },
    'moderation.act': { path, body: muting },
    'moderation.list': { path },
    'moderation.lift': { path: { ...path, kind: () => 'mute', user_id: guest } },
    'links.revoke': { path: onLink },
  };
}
