import { asSessionId, asUserId } from '@state-server/domain';
import {
  announceRevocation,
  createRevocationWatch,
  endSession,
  endSessionsOf,
  issueTicket,
  revokeToken,
} from '@state-server/identity';
import type { Bus } from '@state-server/messaging-port';
import { createRedisBus } from '@state-server/messaging-redis';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { RevocationDoc, Store, Transaction } from '@state-server/persistence-port';
import { realEnvironment, silentLogger } from '@state-server/platform';
import { PROTOCOL_VERSION } from '@state-server/protocol';
import { redisProgram, type RedisServer, startRedisServer, until } from '@state-server/testing';
import { type Peer, startTestGateway, type TestGateway } from './sync-gateway.spec-support';

const CLIENT = { name: 'spec', version: '1', protocol: PROTOCOL_VERSION } as const;
const fast = { probeMs: 50, deadlineMs: 300 };

interface Subject {
  readonly user_id: ReturnType<typeof asUserId>;
  readonly session_id: ReturnType<typeof asSessionId>;
}
const newSubject = (): Subject => ({
  user_id: asUserId(crypto.randomUUID()),
  session_id: asSessionId(crypto.randomUUID()),
});

/** In the three ways in which a sign-in ends before its time. */
const KINDS: readonly [
  string,
  (tx: Transaction, who: Subject, jti: string) => Promise<readonly RevocationDoc[]>,
][] = [
  ['its session', async (tx, who) => [endSession(tx, { id: who.session_id }, Date.now())]],
  [
    'its token',
    async (tx, _who, jti) => [
      revokeToken(tx, { token_id: jti, expires_at: Date.now() + 60_000 }, Date.now()),
    ],
  ],
  [
    'all that its user got',
    async (tx, who) => (await endSessionsOf(tx, who.user_id, Date.now() + 1)).revocations,
  ],
];

if (!redisProgram()) {
  it.skip('revocations at sockets (neither redis-server nor valkey-server is installed)', () => undefined);
} else {
  describe('a socket whose sign-in was revoked (ID6, ID21, F1, F2)', () => {
    let redis: RedisServer;
    let store: Store;
    let buses: Bus[];
    let gateways: TestGateway[];
    const closers: (() => Promise<void>)[] = [];

    beforeEach(async () => {
      redis = await startRedisServer();
      store = createMemoryStore({ environment: realEnvironment });
      const bus = (): Bus => createRedisBus({ url: redis.url, ...fast });
      buses = [bus(), bus(), bus()];
      await until(() => buses.every(({ connected }) => connected));
      gateways = await Promise.all(
        buses.slice(0, 2).map(async (bus) => {
          const log = silentLogger();
          const watch = await createRevocationWatch({ store, bus, environment: realEnvironment, log });
          closers.push(() => watch.close());
          return startTestGateway({ store, bus, revocations: watch });
        }),
      );
    });
    afterEach(async () => {
      await Promise.all(gateways.map((gateway) => gateway.close()));
      await Promise.all(closers.splice(0).map((close) => close()));
      await Promise.all(buses.map((bus) => bus.close()));
      await redis.dispose();
      await store.close();
    });

    /** One socket by token on the first gateway, one by ticket on the other, and one of somebody else. */
    async function connected(who: Subject): Promise<{ out: Peer[]; stays: Peer; jti: string }> {
      const [here, there] = gateways;
      if (!here || !there) throw new Error('two gateways');
      const token = await here.tokens.issue(who);
      const identity = await here.tokens.verifier.verify(token);
      const at = new Date().toISOString();
      const expires_at = new Date(Date.now() + 600_000).toISOString();
      await store.transact({ label: 'spec' }, async (tx) => {
        tx.put('users', {
          id: who.user_id,
          name: 'Ada',
          roles: ['user'],
          version: 1,
          created_at: at,
          updated_at: at,
        });
        const times = { created_at: at, last_used_at: at, expires_at };
        tx.put('sessions', { id: who.session_id, user_id: who.user_id, ...times });
      });
      const { ticket } = await issueTicket({ store, environment: realEnvironment }, identity);
      const [byToken, byTicket] = [await here.dial(), await there.dial()];
      byToken.send({ type: 'session.hello', token, client: CLIENT });
      byTicket.send({ type: 'session.hello', ticket, client: CLIENT });
      const out = [byToken, byTicket];
      for (const peer of out) await peer.next('session.welcome');
      return { out, stays: await here.connect(newSubject().user_id), jti: identity.token_id };
    }

    it.each([
      ['up', async () => undefined],
      ['down', () => redis.stop()],
      [
        'restarted empty',
        async () => {
          await redis.stop();
          await until(() => buses.every(({ connected }) => !connected));
          await redis.start();
        },
      ],
    ])(
      'is out on every gateway, by token or ticket, whatever was revoked, with Redis %s',
      async (_state, harm) => {
        for (const [, revoke] of KINDS) {
          const who = newSubject();
          const { out, stays, jti } = await connected(who);
          await harm();
          const revocations = await store.transact({ label: 'spec' }, (tx) => revoke(tx, who, jti));
          for (const revocation of revocations) if (buses[2]) announceRevocation(buses[2], revocation);
          for (const peer of out) {
            expect(await peer.whenClosed()).toEqual({ code: 3502, reason: 'auth.revoked' });
          }
          expect(stays.closed).toBeUndefined();
        }
      },
      30_000,
    );
  });
}
