import { coded, createWorld, type World } from './identity.spec-support';
import { newSecret, secretHash } from './secret';
import { endSession, rotateRefreshToken, type Rotation } from './sessions';
import { issueTicket, redeemTicket } from './tickets';

const DAY = 24 * 60 * 60_000;

function rotate(world: World, refresh_token: string, next = newSecret()): Promise<Rotation> {
  const now = world.environment.clock.now();
  return world.store.transact({ label: 'test' }, (tx) =>
    rotateRefreshToken(tx, { refresh_token, next, now }),
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
