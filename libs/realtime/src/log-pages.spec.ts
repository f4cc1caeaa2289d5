import type { BraneMessage, LogRange, LogSlice } from '@state-server/commit';
import { asEpoch } from '@state-server/domain';
import { buildWorld, createFakeEnvironment } from '@state-server/testing';
import { LogPages } from './log-pages';

const EPOCH = asEpoch('e');
const LIMITS = { log_page_entries: 4, log_page_bytes: 1_000, log_cache_bytes: 100 };

/** A log of 20 entries of ten bytes. */
function bench(limits: Partial<typeof LIMITS> = {}) {
  const environment = createFakeEnvironment();
  const { braneId } = buildWorld(environment.ids);
  const read: number[] = [];
  const state = { floor: 1 };
  const source = {
    log: async (_braneId: unknown, { after, limit }: LogRange): Promise<LogSlice> => {
      read.push(after);
      await environment.settle();
      const head = { epoch: EPOCH, seq: 20 };
      if (after + 1 < state.floor) return { kind: 'snapshot', head, reason: 'below_floor' };
      const entries: BraneMessage[] = [];
      for (let seq = after + 1; seq <= Math.min(20, after + limit); seq += 1)
        entries.push({ epoch: EPOCH, seq, frame: new Uint8Array(10) });
      return { kind: 'entries', head, entries };
    },
  };
  const pages = new LogPages(source, { ...LIMITS, ...limits });
  const seqs = async (seq: number, epoch = EPOCH): Promise<readonly number[] | string> => {
    const page = await pages.get(braneId, { epoch, seq });
    return page.kind === 'entries' ? page.entries.map((entry) => entry.seq) : page.kind;
  };
  return { pages, seqs, read, state, braneId };
}

describe('pages of the log', () => {
  it('are read once for all who come to them, from wherever within (R2)', async () => {
    const { seqs, read } = bench();
    expect(await Promise.all([seqs(4), seqs(4), seqs(4)])).toEqual(Array(3).fill([5, 6, 7, 8]));
    expect(await seqs(6)).toEqual([7, 8]);
    expect(await seqs(8)).toEqual([9, 10, 11, 12]);
    expect(await seqs(7)).toEqual([8]);
    expect(read).toEqual([4, 8]);
  });

  it('share the entries, so that each is transcoded at most once', async () => {
    const { pages, braneId } = bench();
    const from = { epoch: EPOCH, seq: 4 };
    const [one, two] = [await pages.get(braneId, from), await pages.get(braneId, from)];
    expect(one.kind === 'entries' && two.kind === 'entries' && one.entries[0] === two.entries[0]).toBe(true);
  });

  it('are of one epoch, and nothing is kept of an end or a refusal (L3, R3)', async () => {
    const { seqs, read, state } = bench();
    await seqs(4);
    await seqs(4, asEpoch('other'));
    expect(await seqs(20)).toEqual([]);
    expect(await seqs(20)).toEqual([]);
    state.floor = 10;
    expect(await seqs(2)).toBe('snapshot');
    expect(await seqs(2)).toBe('snapshot');
    expect(read).toEqual([4, 4, 20, 20, 2, 2]);
  });

  it('are let go of, those that nobody has used for longest first', async () => {
    const { seqs, read, pages, braneId } = bench();
    await seqs(0);
    await seqs(4);
    await seqs(0);
    await seqs(8);
    expect(read.splice(0)).toEqual([0, 4, 8]);
    await seqs(0);
    expect(read).toEqual([]);
    await seqs(4);
    expect(read.splice(0)).toEqual([4]);
    pages.forget(braneId);
    await seqs(4);
    expect(read).toEqual([4]);
  });
});
