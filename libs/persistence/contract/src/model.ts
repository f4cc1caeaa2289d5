import fc from 'fast-check';
import type { MemberDoc, RangeOptions, ReadTransaction, Transaction } from '@state-server/persistence-port';
import { LABEL, member, type StoreFixture } from './fixture';

/** Few keys, so that operations meet. */
const NAMES = ['', 'a', 'a\u0000', 'ab', 'b', 'é', '𝄞'];
const ROLES = ['owner', 'editor', 'viewer'] as const;

const name = fc.constantFrom(...NAMES);
const key = fc.tuple(name, name);

type Change =
  | { readonly kind: 'put'; readonly key: readonly [string, string]; readonly role: MemberDoc['role'] }
  | { readonly kind: 'delete'; readonly key: readonly [string, string] };

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), key, role: fc.constantFrom(...ROLES) }),
  fc.record({ kind: fc.constant('delete' as const), key }),
);

const bound = fc.oneof(fc.constant(undefined), fc.tuple(name), key);
const query = fc.record({
  byUser: fc.boolean(),
  prefix: fc.oneof(fc.constant([]), fc.tuple(name)),
  low: fc.record({ inclusive: fc.boolean(), at: bound }),
  high: fc.record({ inclusive: fc.boolean(), at: bound }),
  reverse: fc.boolean(),
  limit: fc.integer({ min: 0, max: 12 }),
});
type Query = typeof query extends fc.Arbitrary<infer T> ? T : never;

const step = fc.record({
  changes: fc.array(change, { maxLength: 6 }),
  queries: fc.array(query, { maxLength: 3 }),
});

/** The members, by (brane, user): what the store should hold. */
class Model {
  private readonly roles = new Map<string, readonly [string, string, MemberDoc['role']]>();

  apply(one: Change): void {
    const place = JSON.stringify(one.key);
    if (one.kind === 'put') this.roles.set(place, [...one.key, one.role]);
    else this.roles.delete(place);
  }

  answer({ byUser, prefix, low, high, reverse, limit }: Query): string[] {
    const tuple = ([brane, user]: readonly [string, string, string]): string[] =>
      byUser ? [user, brane] : [brane, user];
    const rest = (row: readonly [string, string, string]): string[] => tuple(row).slice(prefix.length);
    const rows = [...this.roles.values()]
      .filter((row) => prefix.every((part, place) => tuple(row)[place] === part))
      .filter((row) => !low.at || compareHead(rest(row), low.at) > (low.inclusive ? -1 : 0))
      .filter((row) => !high.at || compareHead(rest(row), high.at) < (high.inclusive ? 1 : 0))
      .sort((left, right) => compareHead(tuple(left), tuple(right)));
    return (reverse ? rows.reverse() : rows).slice(0, limit).map((row) => row.join('|'));
  }
}

/** Compares as far as the bound goes: a partial bound equals all that start with it. */
function compareHead(parts: readonly string[], bound: readonly string[]): number {
  for (const [place, part] of bound.entries()) {
    const own = parts[place];
    if (own === undefined) return -1;
    const order = Buffer.compare(Buffer.from(own), Buffer.from(part));
    if (order !== 0) return order;
  }
  return 0;
}

function toOptions({ byUser, prefix, low, high, reverse, limit }: Query): RangeOptions<'members'> {
  return {
    ...(byUser && { index: 'by_user' as const }),
    prefix,
    ...(low.at && (low.inclusive ? { gte: low.at } : { gt: low.at })),
    ...(high.at && (high.inclusive ? { lte: high.at } : { lt: high.at })),
    reverse,
    limit,
  };
}

async function answerOf(tx: ReadTransaction, one: Query): Promise<string[]> {
  const found = await tx.range('members', toOptions(one));
  return found.map((doc) => [doc.brane_id, doc.user_id, doc.role].join('|'));
}

function applyTo(tx: Transaction, one: Change): void {
  if (one.kind === 'put') tx.put('members', member(...one.key, one.role));
  else tx.delete('members', one.key);
}

/** Any sequence of transactions answers as a sorted list would, inside each of them and after it. */
export function describeModel(fixture: () => StoreFixture): void {
  it('answers every range as a plain sorted list does, within transactions and after them (STORE-3, STORE-8, STORE-9)', async () => {
    const { store, second } = fixture();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), async (steps) => {
        const model = new Model();
        await store.transact(LABEL, async (tx) => {
          for (const doc of await tx.range('members', { prefix: [], limit: 99 })) {
            tx.delete('members', [doc.brane_id, doc.user_id]);
          }
        });
        for (const { changes, queries } of steps) {
          changes.forEach((one) => model.apply(one));
          await store.transact(LABEL, async (tx) => {
            changes.forEach((one) => applyTo(tx, one));
            for (const one of queries) expect(await answerOf(tx, one)).toEqual(model.answer(one));
          });
          await second.read(LABEL, async (tx) => {
            for (const one of queries) expect(await answerOf(tx, one)).toEqual(model.answer(one));
          });
        }
      }),
      { numRuns: 60, seed: 4 },
    );
  }, 60_000);
}
