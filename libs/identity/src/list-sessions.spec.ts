import { asSessionId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { SessionDoc, Store } from '@state-server/persistence-port';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import { listSessions } from './list-sessions';

let environment: FakeEnvironment;
let store: Store;
const user = asUserId('00000000-0000-4000-8000-00000000000a');

beforeEach(() => {
  environment = createFakeEnvironment();
  store = createMemoryStore({ environment });
});

const at = (ms: number): string => new Date(environment.clock.now() + ms).toISOString();

describe('the sessions of a user (ID13)', () => {
  const open = async (createdMs: number, fields: Partial<SessionDoc> = {}): Promise<SessionDoc> => {
    const session: SessionDoc = {
      id: asSessionId(environment.ids.uuid()),
      user_id: user,
      created_at: at(createdMs),
      last_used_at: at(createdMs),
      expires_at: at(1_000_000),
      ...fields,
    };
    await store.transact({ label: 'spec' }, async (tx) => tx.put('sessions', session));
    return session;
  };
  const list = (limit: number, after?: readonly [string, string]): ReturnType<typeof listSessions> =>
    listSessions({ store, clock: environment.clock }, { user_id: user, limit, ...(after && { after }) });

  it('are those that are alive, oldest first: neither expired nor revoked nor of somebody else', async () => {
    const second = await open(-10);
    const first = await open(-20);
    await open(-30, { expires_at: at(-1) });
    await open(-40, { user_id: asUserId(environment.ids.uuid()) });
    const revoked = await open(-50);
    await store.transact({ label: 'spec' }, async (tx) =>
      tx.put('revocations', { kind: 'session', value: revoked.id, at: at(0), expires_at: at(1_000) }),
    );
    expect(await list(10)).toEqual([first, second]);
  });

  it('come page by page, one more than asked for when there are more', async () => {
    const sessions = [await open(-30), await open(-20), await open(-10)];
    const page = await list(2);
    expect(page).toEqual(sessions);
    const last = page[1];
    expect(await list(2, [last?.created_at ?? '', last?.id ?? ''])).toEqual(sessions.slice(2));
  });
});
