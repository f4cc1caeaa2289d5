import { type OpId, type UserId, asUserId } from '@state-server/domain';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { fail } from '@state-server/protocol';
import { createFakeEnvironment, type FakeEnvironment } from '@state-server/testing';
import type { Answer } from './answer';
import { type KeyedRequest, type KeyedWork, runOnce } from './idempotency';
import { realEnvironment } from '../real-environment';

interface World {
  readonly environment: FakeEnvironment;
  readonly store: Store;
  readonly user: UserId;
  /** Effects that were committed. */
  renamed(): Promise<number>;
  run(request?: Partial<KeyedRequest>, work?: Partial<KeyedWork>): Promise<Answer>;
  readonly opIds: OpId[];
}

const coded = (code: string): unknown => expect.objectContaining({ code });

/** The store pauses after a conflict; nobody moves the fake clock meanwhile. */
const { timers: realTimers } = realEnvironment;

function world(): World {
  const environment = createFakeEnvironment();
  const store = createMemoryStore({ environment: { ...environment, timers: realTimers } });
  const user = asUserId(environment.ids.uuid());
  const opIds: OpId[] = [];
  // The effect: one more in a counter, tied to the record in one transaction.
  const effect: KeyedWork = {
    authorise: () => Promise.resolve(),
    execute: (claim) => {
      opIds.push(claim.op_id);
      return store.transact({ label: 'test' }, async (tx) => {
        const before = await tx.get('meta', ['count']);
        const count = Number(before?.value ?? 0) + 1;
        tx.guard('meta', ['count']);
        tx.put('meta', { key: 'count', value: count });
        const answer = { status: 201, headers: { etag: '"1"', location: '/x' }, body: { count } };
        await claim.record(tx, answer, false);
        return { answer, replayed: false };
      });
    },
  };
  return {
    environment,
    store,
    user,
    opIds,
    renamed: async () => {
      const doc = await store.read({ label: 'test' }, (tx) => tx.get('meta', ['count']));
      return Number(doc?.value ?? 0);
    },
    run: (request = {}, work = {}) =>
      runOnce(
        { store, environment },
        { user_id: user, key: 'k1', method: 'POST', path: '/object', body: { a: 1 }, ...request },
        { ...effect, ...work },
      ),
  };
}

describe('a request with an Idempotency-Key', () => {
  it('takes effect once; the second gets status, headers and body again, and is told so (I5)', async () => {
    const { run, renamed } = world();
    const first = await run();
    expect(first).toEqual({ status: 201, headers: { etag: '"1"', location: '/x' }, body: { count: 1 } });
    expect(await run()).toEqual({
      ...first,
      headers: { ...first.headers, 'idempotency-replayed': 'true' },
    });
    expect(await renamed()).toBe(1);
  });

  it('takes effect once when 20 twins come at the same time, and all get the same answer (I5)', async () => {
    const { run, renamed } = world();
    const answers = await Promise.all(Array.from({ length: 20 }, () => run()));
    expect(await renamed()).toBe(1);
    expect(answers.map(({ status, body }) => ({ status, body }))).toEqual(
      Array.from({ length: 20 }, () => ({ status: 201, body: { count: 1 } })),
    );
    const replayed = answers.filter(({ headers }) => headers['idempotency-replayed'] === 'true');
    expect(replayed).toHaveLength(19);
  });

  it('is refused when the key stands for another body, path or method (I5)', async () => {
    const { run, renamed } = world();
    await run();
    await expect(run({ body: { a: 2 } })).rejects.toEqual(coded('idempotency.key_reused'));
    await expect(run({ path: '/brane' })).rejects.toEqual(coded('idempotency.key_reused'));
    await expect(run({ method: 'PATCH' })).rejects.toEqual(coded('idempotency.key_reused'));
    expect(await renamed()).toBe(1);
  });

  it('of one of two racing requests with the same key is refused (I5)', async () => {
    const { run, renamed } = world();
    const outcomes = await Promise.allSettled([run(), run({ body: { a: 2 } })]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await renamed()).toBe(1);
  });

  it('is another request when it comes from another user (I5)', async () => {
    const { run, renamed, environment } = world();
    await run();
    await run({ user_id: asUserId(environment.ids.uuid()) });
    expect(await renamed()).toBe(2);
  });

  it('is executed each time without a key', async () => {
    const { store, environment, user, opIds } = world();
    const work: KeyedWork = {
      authorise: () => Promise.resolve(),
      execute: ({ op_id }) => {
        opIds.push(op_id);
        return Promise.resolve({ answer: { status: 200, headers: {} }, replayed: false });
      },
    };
    const request = { user_id: user, method: 'POST', path: '/x', body: {} };
    await runOnce({ store, environment }, request, work);
    await runOnce({ store, environment }, request, work);
    expect(new Set(opIds).size).toBe(2);
  });

  it('leaves no record of a failure: the next one is tried anew (I5)', async () => {
    const { run, renamed } = world();
    const failing = { execute: () => Promise.reject(fail('brane.frozen')) };
    await expect(run({}, failing)).rejects.toEqual(coded('brane.frozen'));
    expect((await run()).status).toBe(201);
    expect(await renamed()).toBe(1);
  });

  it('whose user may no longer do it is refused instead of replayed (authorise before replay)', async () => {
    const { run } = world();
    await run();
    const work = { authorise: () => Promise.reject(fail('permission.denied')) };
    await expect(run({}, work)).rejects.toEqual(coded('permission.denied'));
  });

  it('replays whatever the loser of a race stumbled over', async () => {
    const { run } = world();
    const work: Partial<KeyedWork> = {
      execute: async () => {
        // Between look-up and effect the twin commits; a version moved on with it.
        await run();
        throw fail('precondition.failed');
      },
    };
    expect((await run({}, work)).body).toEqual({ count: 1 });
  });

  it('that is a UUID is the op id; any other gives the same op id each time (I1)', async () => {
    const { run, opIds, environment, user, store } = world();
    const uuid = environment.ids.uuid();
    await run({ key: uuid });
    expect(opIds).toEqual([uuid]);
    await run({ key: 'order 66' });
    await store.transact({ label: 'test' }, async (tx) => tx.delete('idempotency_keys', [user, 'order 66']));
    await run({ key: 'order 66' });
    expect(opIds[1]).toBe(opIds[2]);
  });

  it('names a reused op id after what the client did: it reused the key', async () => {
    const { run, opIds } = world();
    const reused = (opId: () => OpId | undefined): Partial<KeyedWork> => ({
      execute: ({ op_id }) => {
        opIds.push(op_id);
        return Promise.reject(fail('op_id.reused', { op_id: opId() }));
      },
    });
    await expect(
      run(
        {},
        reused(() => opIds.at(-1)),
      ),
    ).rejects.toEqual(coded('idempotency.key_reused'));
    await expect(
      run(
        {},
        reused(() => undefined),
      ),
    ).rejects.toEqual(coded('op_id.reused'));
  });
});
