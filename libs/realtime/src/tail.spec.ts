import { asEpoch } from '@state-server/domain';
import { Entry } from './shared-frame';
import { Tail } from './tail';

const entry = (seq: number, bytes = 1): Entry =>
  new Entry({ epoch: asEpoch('e'), seq, frame: new Uint8Array(bytes) });
const seqs = (entries: readonly Entry[] | undefined): number[] | undefined => entries?.map(({ seq }) => seq);

describe('the tail of a log', () => {
  it('has what is above a seq, as far back as it is kept', () => {
    const tail = new Tail(3, 1_000);
    for (let seq = 5; seq <= 9; seq += 1) tail.push(entry(seq));
    expect(seqs(tail.after(9))).toEqual([]);
    expect(seqs(tail.after(7))).toEqual([8, 9]);
    expect(seqs(tail.after(6))).toEqual([7, 8, 9]);
    expect(tail.after(5)).toBeUndefined();
  });

  it('is bounded in bytes too, and keeps nothing that is larger than all it may hold', () => {
    const tail = new Tail(100, 10);
    for (let seq = 1; seq <= 4; seq += 1) tail.push(entry(seq, 4));
    expect(seqs(tail.after(2))).toEqual([3, 4]);
    expect(tail.after(1)).toBeUndefined();
    tail.push(entry(5, 11));
    expect(tail.after(4)).toBeUndefined();
    tail.push(entry(6, 1));
    expect(seqs(tail.after(5))).toEqual([6]);
  });

  it('knows nothing before its first entry and after it was cleared', () => {
    const tail = new Tail(3, 1_000);
    expect(tail.after(0)).toBeUndefined();
    tail.push(entry(1));
    tail.clear();
    expect(tail.after(1)).toBeUndefined();
  });
});
