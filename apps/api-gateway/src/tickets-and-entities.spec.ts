import {
  type Caller,
  fieldOf,
  makeBrane,
  makeGroup,
  startTestGateway,
  type TestGateway,
  textOf,
} from './gateway.spec-support';

let gateway: TestGateway;
let ada: Caller;
let brane: string;

beforeAll(async () => {
  gateway = await startTestGateway();
  ada = await gateway.user('Ada');
  brane = await makeBrane(ada);
});
afterAll(() => gateway.close());

describe('a ticket', () => {
  it('is a secret for one socket', async () => {
    const answer = await ada.ask('POST', '/websocket/ticket', { headers: { origin: 'http://page.example' } });
    expect(fieldOf(answer.body, 'expires_in')).toBe(30);
    expect(textOf(answer, 'ticket').length).toBeGreaterThanOrEqual(43);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const other = await ada.ask('POST', '/websocket/ticket');
    expect(textOf(other, 'ticket')).not.toBe(textOf(answer, 'ticket'));
  });
});

describe('an entity', () => {
  it('is whatever has the id', async () => {
    const id = await makeGroup(ada, brane);
    const kinds = [brane, id, ada.id].map(async (entity) => (await ada.ask('GET', `/entity/${entity}`)).body);
    expect(await Promise.all(kinds)).toMatchObject([
      { kind: 'brane', brane: { id: brane, role: 'owner' } },
      { kind: 'object', object: { id } },
      { kind: 'user', user: { id: ada.id, name: 'Ada' } },
    ]);
  });

  it('that is a user shows no more than the name', async () => {
    const bob = await gateway.user('Bob');
    const { body } = await ada.ask('GET', `/entity/${bob.id}`, { as: 'cbor' });
    expect(body).toEqual({ kind: 'user', user: { id: bob.id, name: 'Bob' } });
  });
});
