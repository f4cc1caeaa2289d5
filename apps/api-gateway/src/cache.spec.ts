import { askStore, type Cache, createReadCache, watchWrites } from '@state-server/persistence-cache';
import { createMemoryKv } from '@state-server/persistence-memory';
import type { ReadCache, Store } from '@state-server/persistence-port';
import { realEnvironment } from '@state-server/platform';
import {
  type Answer,
  type Ask,
  type Caller,
  codeOf,
  fieldOf,
  makeBrane,
  makeGroup,
  startTestGateway,
  type TestGateway,
} from './gateway.spec-support';

/** So long that nothing of it ends while a test runs: what changes is what they hear and what is sent along. */
const STALE_MS = 3_600_000;

/** Two gateways over one store that hear nothing of each other, as with a bus that loses everything. */
describe('a gateway that keeps what was read', () => {
  let here: TestGateway;
  let there: TestGateway;
  let ada: Caller;
  let bob: Caller;
  let brane: string;
  let house: string;
  const caches: Cache[] = [];

  const cacheOver = (stored: Store): { store: Store; cache: ReadCache } => {
    const cache = createReadCache({
      ...{ environment: realEnvironment, maxBytes: 1_000_000, staleMs: STALE_MS, absentMs: STALE_MS },
      ask: askStore(stored),
    });
    caches.push(cache);
    return { store: watchWrites(stored, (changes) => cache.changed(changes)), cache };
  };

  beforeAll(async () => {
    const kv = createMemoryKv();
    here = await startTestGateway({ kv, cacheOver });
    there = await startTestGateway({ kv, cacheOver, tokens: here.tokens });
    ada = await here.user('Ada');
    bob = await here.user('Bob');
  });
  afterAll(async () => {
    await here.close();
    await there.close();
  });
  beforeEach(async () => {
    brane = await makeBrane(ada);
    house = await makeGroup(ada, brane, { name: 'house' });
    await ada.ask('PUT', `/brane/${brane}/members/${bob.id}`, { body: { role: 'viewer' } });
  });

  const atOther = (ask: Ask = {}, path = `/object/${house}`, by = ada): Promise<Answer> =>
    by.at(there).ask('GET', path, ask);
  const rename = (name: string): Promise<Answer> =>
    ada.ask('PATCH', `/object/${house}`, { body: { set: { '/name': name } }, key: crypto.randomUUID() });
  const placeOf = ({ headers }: Answer): string => headers.get('state-seq') ?? '';
  const nameOf = ({ body }: Answer): unknown => fieldOf(body, 'name');

  it('answers with what was there, and with nothing older than the State-Seq that is sent back (CACHE-3, R7)', async () => {
    const first = await atOther();
    const written = await rename('cottage');
    // It has heard nothing, and was told nothing: this is what the stated staleness is for.
    expect(nameOf(await atOther())).toBe('house');
    expect(nameOf(await atOther({ headers: { 'state-seq': placeOf(first) } }))).toBe('house');
    const seen = await atOther({ headers: { 'state-seq': placeOf(written) } });
    expect([nameOf(seen), placeOf(seen)]).toEqual(['cottage', placeOf(written)]);
    expect(nameOf(await atOther())).toBe('cottage');
  });

  it.each([
    ['no-cache', { 'cache-control': 'no-cache' }],
    ['what is no place', { 'state-seq': 'x' }],
    ['the place of another brane', { 'state-seq': 'another epoch:9' }],
  ])('answers with what is there now whoever sends %s (CACHE-3)', async (_what, headers) => {
    await atOther();
    await rename('cottage');
    expect(nameOf(await atOther({ headers }))).toBe('cottage');
  });

  it('takes the places of several branes, by comma (CACHE-3)', async () => {
    const first = await atOther();
    await rename('cottage');
    const headers = { 'state-seq': `another epoch:9, ${placeOf(first)}` };
    expect(nameOf(await atOther({ headers }))).toBe('house');
  });

  it('shows a write at once where it was made, whatever is sent (CACHE-2, CACHE-11)', async () => {
    await ada.ask('GET', `/object/${house}`);
    await rename('cottage');
    expect(nameOf(await ada.ask('GET', `/object/${house}`))).toBe('cottage');
    expect(codeOf(await ada.ask('GET', `/object/${bob.session}`))).toBe('object.not_found');
    const body = { id: bob.session, brane_id: brane, parent_id: brane, kind: 'group' };
    await ada.ask('POST', '/object', { body, key: crypto.randomUUID() });
    expect((await ada.ask('GET', `/object/${bob.session}`)).status).toBe(200);
  });

  it('judges who may see it where the object stands or later: whoever was put out sees nothing that came afterwards (CACHE-4, L6)', async () => {
    expect((await atOther({}, `/object/${house}`, bob)).status).toBe(200);
    const removed = await ada.ask('DELETE', `/brane/${brane}/members/${bob.id}`);
    await rename('secret');
    for (const path of [`/object/${house}`, `/entity/${house}`]) {
      expect(codeOf(await bob.ask('GET', path))).toBe('object.not_found');
    }
    expect(codeOf(await bob.ask('GET', `/brane/${brane}`))).toBe('brane.not_found');
    // The other gateway learns the new name through Ada; with it, that Bob is out.
    expect(nameOf(await atOther({}, `/object/${house}`, bob))).toBe('house');
    expect(nameOf(await atOther({ headers: { 'state-seq': placeOf(removed) } }))).toBe('secret');
    expect(codeOf(await atOther({}, `/object/${house}`, bob))).toBe('object.not_found');
    expect(codeOf(await atOther({}, `/brane/${brane}`, bob))).toBe('brane.not_found');
  });

  it('answers in both formats, with ETag and place, as without it (CACHE-10)', async () => {
    const headers = { 'cache-control': 'no-cache' };
    for (const as of ['json', 'cbor'] as const) {
      for (const path of [
        `/object/${house}`,
        `/brane/${brane}`,
        `/entity/${house}`,
        `/entity/${brane}`,
        `/entity/${bob.id}`,
        `/users/${bob.id}`,
      ]) {
        await atOther({ as }, path);
        const [kept, read] = [await atOther({ as }, path), await atOther({ as, headers }, path)];
        expect(kept.status).toBe(200);
        expect([kept.body, kept.headers.get('etag'), placeOf(kept)]).toEqual([
          read.body,
          read.headers.get('etag'),
          placeOf(read),
        ]);
      }
    }
    expect(caches.every((cache) => cache.entries > 0)).toBe(true);
  });

  it('does not keep what is his own from whoever asks for himself (CACHE-2)', async () => {
    await bob.at(there).ask('GET', '/users/me');
    await bob.ask('PATCH', '/users/me', { body: { name: 'Robert' }, key: crypto.randomUUID() });
    expect(nameOf(await bob.at(there).ask('GET', '/users/me'))).toBe('Robert');
  });
});
