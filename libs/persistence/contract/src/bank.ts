import { type Store, StoreError, type Transaction } from '@state-server/persistence-port';
import { nextInt, seededRandom } from '@state-server/testing';
import { breathe, LABEL, readCounter, type StoreFixture, type StoreTraits, volume, write } from './fixture';

const ACCOUNTS = 100;
const CLIENTS = 50;
const TRANSFERS = 10_000;
const OPENING = 50;
/** Of a hundred transfers so many crash at their end, and so many are never heard of again. */
const CRASHES = 5;
const SILENT = 1;
const UNKNOWN_EVERY = 7;

const account = (number: number): string => `account ${number}`;

interface Transfer {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly amount: number;
}

/** What its client was told. */
type Word = 'done' | 'refused' | 'crashed' | 'unknown';

class Overdrawn extends Error {}
class Crash extends Error {}

/**
 * The transfer and its receipt in one transaction. Whether it was done is found out by the receipt, so a client that asks
 * again does it once.
 */
async function transfer(tx: Transaction, { id, from, to, amount }: Transfer): Promise<void> {
  if (await tx.get('meta', [id])) return;
  const [before, after] = [await readCounter(tx, account(from)), await readCounter(tx, account(to))];
  if (before < amount) throw new Overdrawn();
  tx.put('meta', { key: account(from), value: before - amount });
  tx.put('meta', { key: account(to), value: after + amount });
  tx.put('meta', { key: id, value: { from, to, amount } });
}

/** Money moves; nothing is lost, doubled or negative, whatever happens to those who move it. */
export function describeBank(fixture: () => StoreFixture, traits: StoreTraits): void {
  const transfers = volume(traits, TRANSFERS, 500);
  const options = { label: 'contract.bank', maxRetries: 10_000, deadlineMs: 120_000 };

  async function attempt(store: Store, one: Transfer, mishap: 'none' | 'crash' | 'silence'): Promise<Word> {
    try {
      if (mishap === 'silence') {
        // The process stands still in the middle of its transaction, with all of it written.
        await store.transact({ ...options, deadlineMs: 40 }, async (tx) => {
          await transfer(tx, one);
          await new Promise<void>(() => undefined);
        });
      } else {
        await store.transact(options, async (tx) => {
          await transfer(tx, one);
          if (mishap === 'crash') throw new Crash();
        });
      }
      return 'done';
    } catch (error) {
      if (error instanceof Overdrawn) return 'refused';
      if (error instanceof Crash) return 'crashed';
      if (error instanceof StoreError && error.code === 'outcome_unknown') return 'unknown';
      if (error instanceof StoreError && error.code === 'deadline' && mishap === 'silence') return 'crashed';
      throw error;
    }
  }

  const all = <T>(read: (number: number) => T): T[] => Array.from({ length: ACCOUNTS }, (_, at) => read(at));

  async function balances(store: Store): Promise<number[]> {
    const found = await store.read(LABEL, (tx) =>
      tx.getMany(
        'meta',
        all((number) => [account(number)]),
      ),
    );
    return found.map((doc) => Number(doc?.value));
  }

  it(`keeps ${ACCOUNTS} accounts right over ${transfers} transfers of ${CLIENTS} clients, with crashes, silence and unknown outcomes among them (STORE-27)`, async () => {
    const { store, second, spoilNextCommit } = fixture();
    await write(store, (tx) => {
      for (let number = 0; number < ACCOUNTS; number += 1)
        tx.put('meta', { key: account(number), value: OPENING });
    });
    const random = seededRandom(27);
    const words = new Map<string, { readonly one: Transfer; word: Word }>();
    let begun = 0;
    const client = async (number: number): Promise<void> => {
      const mine = number % 2 === 0 ? store : second;
      while (begun < transfers) {
        const id = `transfer ${(begun += 1)}`;
        const from = nextInt(random, ACCOUNTS);
        const to = (from + 1 + nextInt(random, ACCOUNTS - 1)) % ACCOUNTS;
        const one = { id, from, to, amount: 1 + nextInt(random, 2 * OPENING) };
        const dice = nextInt(random, 100);
        const mishap = dice < SILENT ? 'silence' : dice < SILENT + CRASHES ? 'crash' : 'none';
        if (begun % UNKNOWN_EVERY === 0)
          spoilNextCommit?.(nextInt(random, 2) === 0 ? 'unknown_committed' : 'unknown_lost');
        words.set(id, { one, word: await attempt(mine, one, mishap) });
        // Who was not told asks again, with the same id: half of them do.
        const told = words.get(id);
        if (told?.word === 'unknown' && nextInt(random, 2) === 0)
          told.word = await attempt(mine, one, 'none');
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
    const expected = all(() => OPENING);
    for (const { one, word } of words.values()) {
      const receipt = await second.read(LABEL, (tx) => tx.get('meta', [one.id]));
      if (word !== 'unknown') expect([one.id, receipt !== undefined]).toEqual([one.id, word === 'done']);
      if (!receipt) continue;
      expected[one.from] = (expected[one.from] ?? 0) - one.amount;
      expected[one.to] = (expected[one.to] ?? 0) + one.amount;
    }
    expect(words.size).toBe(transfers);
    for (const each of [store, second, await fixture().reopen()])
      expect(await balances(each)).toEqual(expected);
    expect(expected.reduce((sum, balance) => sum + balance, 0)).toBe(ACCOUNTS * OPENING);
    expect(Math.min(...expected)).toBeGreaterThanOrEqual(0);
    const told = [...words.values()].map(({ word }) => word);
    for (const word of ['done', 'refused', 'crashed'] as const)
      expect(told.filter((each) => each === word).length).toBeGreaterThan(0);
  }, 180_000);

  it('never shows half of a transfer to whoever sums the accounts up meanwhile (STORE-27, STORE-2)', async () => {
    const { store, second } = fixture();
    await write(store, (tx) => {
      for (let number = 0; number < ACCOUNTS; number += 1)
        tx.put('meta', { key: account(number), value: OPENING });
    });
    const random = seededRandom(28);
    const rounds = volume(traits, 150, 40);
    let isOver = false;
    const sums = new Set<number>();
    const auditor = async (): Promise<void> => {
      do {
        const found = await balances(second);
        sums.add(found.reduce((sum, balance) => sum + balance, 0));
        expect(Math.min(...found)).toBeGreaterThanOrEqual(0);
        await breathe();
      } while (!isOver);
    };
    const auditing = auditor();
    for (let round = 0; round < rounds; round += 1) {
      const from = nextInt(random, ACCOUNTS);
      const one = { id: `transfer ${round}`, from, to: (from + 1) % ACCOUNTS, amount: 1 };
      await attempt(store, one, 'none');
      await breathe();
    }
    isOver = true;
    await auditing;
    expect([...sums]).toEqual([ACCOUNTS * OPENING]);
  }, 60_000);
}
