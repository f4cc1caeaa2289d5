import { coded, createWorld, type World } from './identity.spec-support';
import { newSecret, secretHash } from './secret';
import { rotateRefreshToken, type Rotation, type UseRefreshToken } from './refresh-token';
import { endSession } from './sessions';
import { issueTicket, redeemTicket } from './tickets';

const DAY = 24 * 60 * 60_000;

function rotate(
  world: World,
  refresh_token: string,
  next = newSecret(),
  more: Partial<UseRefreshToken> = {},
): Promise<Rotation> {
  const now = world.environment.clock.now();
  return world.store.transact({ label: 'test' }, (tx) =>
    rotateRefreshToken(tx, { refresh_token, next, now, ...more }),
  );
}

async function isAlive(world: World, id: string): Promise<boolean> {
  return (await world.store.read({ label: 'test' }, (tx) => tx.get('sessions', [id]))) !== undefined;
}

describe('a refresh token (ID3–ID5)', () => {
  it('is stored as its hash alone', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    expect(Buffer.from(refresh_token, 'base64url')).toHaveLength(32);
    const stored = await world.store.read({ label: 'test' }, (tx) =>
      tx.range('refresh_tokens', { index: 'by_session', prefix: [session.id], limit: 10 }),
    );
    expect(stored.map(({ hash }) => hash)).toEqual([secretHash(refresh_token)]);
    expect(JSON.stringify(stored)).not.toContain(refresh_token);
  });

  it('works once; the next one works then, and the session lives on from that moment', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    await world.environment.advance(29 * DAY);
    const next = newSecret();
    expect(await rotate(world, refresh_token, next)).toMatchObject({
      kind: 'rotated',
      session: { id: session.id },
      user: world.user,
    });
    await world.environment.advance(29 * DAY);
    expect(await rotate(world, next)).toMatchObject({ kind: 'rotated', session: { id: session.id } });
  });

  it('that is used a second time ends its session, for the thief and for the owner', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    const next = newSecret();
    await rotate(world, refresh_token, next);
    await world.environment.advance(10_001);
    expect(await rotate(world, refresh_token)).toMatchObject({
      kind: 'reused',
      revocation: { kind: 'session', value: session.id },
    });
    expect(await isAlive(world, session.id)).toBe(false);
    expect(await rotate(world, next)).toEqual({ kind: 'invalid' });
  });

  it('that two use within 10 s gets the later one nothing, and the session lives', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    const next = newSecret();
    await rotate(world, refresh_token, next);
    await world.environment.advance(10_000);
    expect(await rotate(world, refresh_token)).toEqual({ kind: 'superseded' });
    expect(await isAlive(world, session.id)).toBe(true);
    expect(await rotate(world, next)).toMatchObject({ kind: 'rotated' });
  });

  it('two generations back is no twin, however soon it comes', async () => {
    const world = await createWorld();
    const { refresh_token } = await world.signIn();
    const [second, third] = [newSecret(), newSecret()];
    await rotate(world, refresh_token, second);
    await world.environment.advance(1);
    await rotate(world, second, third);
    expect(await rotate(world, second)).toEqual({ kind: 'superseded' });
    expect(await rotate(world, refresh_token)).toMatchObject({ kind: 'reused' });
  });

  it('that 20 use at the same time works for exactly one of them', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => rotate(world, refresh_token)));
    const kinds = outcomes.map(({ kind }) => kind).sort();
    expect(kinds).toEqual(['rotated', ...Array<string>(19).fill('superseded')]);
    expect(await isAlive(world, session.id)).toBe(true);
  });

  it('is nothing once it has expired, was never given out, or its session has ended', async () => {
    const world = await createWorld();
    const expired = await world.signIn();
    await world.environment.advance(30 * DAY);
    expect(await rotate(world, expired.refresh_token)).toEqual({ kind: 'invalid' });
    expect(await rotate(world, newSecret())).toEqual({ kind: 'invalid' });
    const ended = await world.signIn();
    const now = world.environment.clock.now();
    await world.store.transact({ label: 'test' }, async (tx) => endSession(tx, ended.session, now));
    expect(await rotate(world, ended.refresh_token)).toEqual({ kind: 'invalid' });
  });

  it('does not bring back a session that is ended at the same moment', async () => {
    const world = await createWorld();
    for (let round = 0; round < 20; round += 1) {
      const { refresh_token, session } = await world.signIn();
      const now = world.environment.clock.now();
      await Promise.all([
        rotate(world, refresh_token),
        world.store.transact({ label: 'test' }, async (tx) => endSession(tx, session, now)),
      ]);
      expect(await isAlive(world, session.id)).toBe(false);
    }
  });
});

describe('the same client (ID4)', () => {
  const from = (user_agent: string): Partial<UseRefreshToken> => ({ origin: { user_agent } });

  it('is known by what it calls itself: another one that comes within 10 s is a thief (ID5)', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    await rotate(world, refresh_token, newSecret(), from('Firefox'));
    expect(await rotate(world, refresh_token, newSecret(), from('Firefox'))).toEqual({ kind: 'superseded' });
    expect(await isAlive(world, session.id)).toBe(true);
    expect(await rotate(world, refresh_token, newSecret(), from('curl'))).toMatchObject({ kind: 'reused' });
    expect(await isAlive(world, session.id)).toBe(false);
  });

  it('may come from another address, or through both kinds of network at once', async () => {
    const world = await createWorld();
    const { refresh_token } = await world.signIn();
    const at = (address: string): Partial<UseRefreshToken> => ({ origin: { user_agent: 'x', address } });
    await rotate(world, refresh_token, newSecret(), at('192.0.2.1'));
    expect(await rotate(world, refresh_token, newSecret(), at('2001:db8::1'))).toEqual({
      kind: 'superseded',
    });
  });
});

describe('a refresh whose answer was lost (ID12)', () => {
  const key = (retry_key: string): Partial<UseRefreshToken> => ({ retry_key });

  it('is answered once more with the same token, for as long as nobody has used that', async () => {
    const world = await createWorld();
    const { refresh_token } = await world.signIn();
    const first = await rotate(world, refresh_token, newSecret(), key('k'));
    await world.environment.advance(DAY);
    const again = await rotate(world, refresh_token, newSecret(), key('k'));
    if (first.kind !== 'rotated' || again.kind !== 'rotated') throw new Error(`${first.kind} ${again.kind}`);
    expect(again.refresh_token).toBe(first.refresh_token);
    expect(await rotate(world, again.refresh_token)).toMatchObject({ kind: 'rotated' });
    // A copy of the request that was long under way hurts nobody.
    expect(await rotate(world, refresh_token, newSecret(), key('k'))).toEqual({ kind: 'superseded' });
  });

  it('is not to be had with another key, nor without one', async () => {
    const world = await createWorld();
    for (const more of [key('other'), {}]) {
      const { refresh_token, session } = await world.signIn();
      await rotate(world, refresh_token, newSecret(), key('k'));
      expect(await rotate(world, refresh_token, newSecret(), more)).toEqual({ kind: 'superseded' });
      await world.environment.advance(10_001);
      expect(await rotate(world, refresh_token, newSecret(), more)).toMatchObject({ kind: 'reused' });
      expect(await isAlive(world, session.id)).toBe(false);
    }
  });

  it('leaves nothing in the store that would be worth a token', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    const rotated = await rotate(world, refresh_token, newSecret(), key('the key'));
    if (rotated.kind !== 'rotated') throw new Error(rotated.kind);
    const stored = await world.store.read({ label: 'test' }, (tx) =>
      tx.range('refresh_tokens', { index: 'by_session', prefix: [session.id], limit: 10 }),
    );
    expect(stored).toHaveLength(2);
    for (const secret of [refresh_token, rotated.refresh_token, 'the key'])
      expect(JSON.stringify(stored)).not.toContain(secret);
    const salt = stored.find(({ retry }) => retry)?.retry?.salt ?? '';
    expect(await rotate(world, salt)).toEqual({ kind: 'invalid' });
  });

  it('is one of 50 at the same time that all get the same token', async () => {
    const world = await createWorld();
    const { refresh_token } = await world.signIn();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => rotate(world, refresh_token, newSecret(), key('k'))),
    );
    const tokens = answers.map((answer) => (answer.kind === 'rotated' ? answer.refresh_token : answer.kind));
    expect(new Set(tokens).size).toBe(1);
  });
});

describe('the end of a session by itself (ID11)', () => {
  const lifetimes = { idleMs: 10 * DAY, absoluteMs: 25 * DAY };

  it('comes when it is not used for so long', async () => {
    const world = await createWorld();
    const { refresh_token } = await world.signIn();
    const next = newSecret();
    await rotate(world, refresh_token, next, { lifetimes });
    await world.environment.advance(10 * DAY);
    expect(await rotate(world, next, newSecret(), { lifetimes })).toEqual({ kind: 'invalid' });
  });

  it('comes so long after the sign-in, however much it is used', async () => {
    const world = await createWorld();
    const { refresh_token, session } = await world.signIn();
    let token = refresh_token;
    for (let day = 0; day < 24; day += 6) {
      await world.environment.advance(6 * DAY);
      const rotated = await rotate(world, token, newSecret(), { lifetimes });
      if (rotated.kind !== 'rotated') throw new Error(rotated.kind);
      token = rotated.refresh_token;
      const end = Date.parse(session.created_at) + 25 * DAY;
      expect(Date.parse(rotated.session.expires_at)).toBeLessThanOrEqual(end);
    }
    await world.environment.advance(DAY - 1);
    const [last] = [newSecret()];
    expect(await rotate(world, token, last, { lifetimes })).toMatchObject({ kind: 'rotated' });
    await world.environment.advance(1);
    expect(await rotate(world, last, newSecret(), { lifetimes })).toEqual({ kind: 'invalid' });
  });

  it('holds for those who signed in before it was made shorter', async () => {
    const world = await createWorld();
    const { refresh_token } = await world.signIn();
    await world.environment.advance(25 * DAY);
    expect(await rotate(world, refresh_token, newSecret(), { lifetimes })).toEqual({ kind: 'invalid' });
  });
});

describe('a ticket (ID7)', () => {
  async function ticketed(origin?: string) {
    const world = await createWorld();
    const { session } = await world.signIn();
    const request = { user_id: world.user.id, session_id: session.id };
    const { ticket, expires_in } = await issueTicket(
      world,
      origin === undefined ? request : { ...request, origin },
    );
    return { world, session, ticket, expires_in };
  }
  const refused = coded('auth.ticket_invalid');

  it('stands for its user and session, once', async () => {
    const { world, session, ticket, expires_in } = await ticketed();
    expect(expires_in).toBe(30);
    expect(await redeemTicket(world, ticket)).toMatchObject({
      user_id: world.user.id,
      session_id: session.id,
      name: 'Ada',
      expires_at: world.environment.clock.now() + 15 * 60_000,
    });
    await expect(redeemTicket(world, ticket)).rejects.toEqual(refused);
  });

  it('works for exactly one of 20 who use it at the same time', async () => {
    const { world, ticket } = await ticketed();
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => redeemTicket(world, ticket)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is nothing after 30 s', async () => {
    const { world, ticket } = await ticketed();
    await world.environment.advance(30_000);
    await expect(redeemTicket(world, ticket)).rejects.toEqual(refused);
  });

  it('is good for the page alone that asked for it, and used up by any other', async () => {
    const { world, ticket } = await ticketed('https://app.test');
    await expect(redeemTicket(world, ticket, { origin: 'https://evil.test' })).rejects.toEqual(refused);
    await expect(redeemTicket(world, ticket, { origin: 'https://app.test' })).rejects.toEqual(refused);
    const other = await ticketed('https://app.test');
    await redeemTicket(other.world, other.ticket, { origin: 'https://app.test' });
  });

  it('that no page asked for is good for no page', async () => {
    const { world, ticket } = await ticketed();
    await expect(redeemTicket(world, ticket, { origin: 'https://app.test' })).rejects.toEqual(refused);
    const paged = await ticketed('https://app.test');
    await expect(redeemTicket(paged.world, paged.ticket)).rejects.toEqual(refused);
  });

  it('acts in the name of the token that asked for it, with what that may do, and ends with it', async () => {
    const world = await createWorld();
    const { session } = await world.signIn();
    const now = world.environment.clock.now();
    const token = { token_id: 't', issued_at: now - 60_000, expires_at: now + 60_000 };
    const who = { kind: 'guest', scopes: ['brane:read'], session_id: session.id } as const;
    const { ticket } = await issueTicket(world, { user_id: world.user.id, ...who, ...token });
    expect(await redeemTicket(world, ticket)).toMatchObject({ ...who, ...token });
  });

  it('is nothing once its session has ended', async () => {
    const { world, session, ticket } = await ticketed();
    const now = world.environment.clock.now();
    await world.store.transact({ label: 'test' }, async (tx) => endSession(tx, session, now));
    await expect(redeemTicket(world, ticket)).rejects.toEqual(refused);
  });

  it('is not to be guessed, and an endless one is not even looked for', async () => {
    const { world, ticket } = await ticketed();
    await expect(redeemTicket(world, ticket.slice(1))).rejects.toEqual(refused);
    await expect(redeemTicket(world, 'x'.repeat(100_000))).rejects.toEqual(refused);
  });

  it('means 503 while the store is away', async () => {
    const { world, ticket } = await ticketed();
    world.storeAway = true;
    await expect(redeemTicket(world, ticket)).rejects.toEqual(coded('dependency.unavailable'));
  });
});
