import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { contractEnvironment } from '@state-server/persistence-contract';
import { StoreError } from '@state-server/persistence-port';
import { describeWithServer } from '@state-server/testing';
import { openMongoStore } from './index';
import { type Answer, FakeServer } from './testing/fake-server';
import { MONGODB } from './testing/test-database.spec-support';

/** Opens a store that cannot be opened, and answers why. */
async function refusal(
  host: string,
  more: { query?: string; connectTimeoutMs?: number } = {},
): Promise<StoreError> {
  const { query = '', connectTimeoutMs = 5_000 } = more;
  const uri = `mongodb://${host}/world${query}`;
  const opening = openMongoStore({ uri, environment: contractEnvironment(), connectTimeoutMs });
  const error: unknown = await opening.then(
    async (store) => {
      await store.close();
      return undefined;
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreError)) throw new Error('it was opened', { cause: error });
  expect(error.message).not.toMatch(/\n|hunter2/);
  return error;
}

const hello = {
  ok: 1,
  isWritablePrimary: true,
  maxBsonObjectSize: 16_777_216,
  maxMessageSizeBytes: 48_000_000,
};

/** With a server that answers so. */
async function withServer<T>(answer: Answer, use: (host: string) => Promise<T>): Promise<T> {
  const server = await FakeServer.start(answer);
  try {
    return await use(server.host);
  } finally {
    await server.close();
  }
}

describe('a store is not opened on', () => {
  it('a stand-alone server: it has no transactions (STORE-45)', async () => {
    const alone: Answer = () => ({ ...hello, minWireVersion: 0, maxWireVersion: 21 });
    const error = await withServer(alone, (host) => refusal(host));
    expect(error.code).toBe('unavailable');
    expect(error.message).toMatch(/127\.0\.0\.1:\d+ is a stand-alone server.*--replSet.*mongos/);
  });

  it.each([
    ['that this version would not do with', 13],
    ['that the driver does not speak to', 6],
  ])('a server of a version %s (STORE-45)', async (_, maxWireVersion) => {
    const old: Answer = () => ({ ...hello, msg: 'isdbgrid', minWireVersion: 0, maxWireVersion });
    const error = await withServer(old, (host) => refusal(host));
    expect(error.message).toMatch(/is too old: version 6\.0 is the oldest/);
  });

  it('a server that refuses the credentials, which are not told to anybody (STORE-45)', async () => {
    const strict: Answer = (command) =>
      'saslStart' in command
        ? { ok: 0, code: 18, codeName: 'AuthenticationFailed', errmsg: 'Authentication failed.' }
        : {
            ...hello,
            msg: 'isdbgrid',
            minWireVersion: 0,
            maxWireVersion: 21,
            saslSupportedMechs: ['SCRAM-SHA-256'],
          };
    const error = await withServer(strict, (host) => refusal(`root:hunter2@${host}`));
    expect(error.message).toMatch(
      /^MongoDB at 127\.0\.0\.1:\d+ refuses the user or the password in MONGODB_URI$/,
    );
  });

  it('no server, or one that says nothing: it says so within its time (STORE-45)', async () => {
    const unused = createServer().listen(0, '127.0.0.1');
    await once(unused, 'listening');
    const { port } = unused.address() as AddressInfo;
    unused.close();
    await once(unused, 'close');
    const nobody = await refusal(`root:hunter2@127.0.0.1:${port}`, { connectTimeoutMs: 300 });
    expect(nobody.message).toMatch(new RegExp(`^MongoDB at 127.0.0.1:${port} does not answer within 300 ms`));
    const silent = await withServer(
      () => undefined,
      (host) => refusal(host, { connectTimeoutMs: 300 }),
    );
    expect(silent.message).toMatch(/does not answer within 300 ms/);
  });

  it('an address that is none, or options that nobody knows (STORE-45)', async () => {
    expect((await refusal('')).message).toMatch(/MONGODB_URI is not an address of MongoDB/);
    const odd = await refusal('127.0.0.1:1', { query: '?colour=blue' });
    expect(odd.message).toMatch(/MONGODB_URI or another option of MongoDB cannot be used.*colour/);
  });
});

describeWithServer({ ...MONGODB, name: 'opening a store on MongoDB' }, (address) => {
  it('tells a wrong password from no server (STORE-45)', async () => {
    const { host } = new URL(address);
    const error = await refusal(`nobody:hunter2@${host}`);
    expect(error.message).toBe(`MongoDB at ${host} refuses the user or the password in MONGODB_URI`);
  });

  it('names every collection and index that is missing, and builds nothing (STORE-43)', async () => {
    const url = new URL(address);
    url.pathname = '/state_server_test_nothing';
    const opening = openMongoStore({ uri: url.toString(), environment: contractEnvironment() });
    await expect(opening).rejects.toMatchObject({ code: 'format' });
    await expect(opening).rejects.toThrow(
      /MongoDB lacks \d+ of the collections.*heads.*MONGODB_BUILD_INDEXES=true/,
    );
  });
});
