import { IndexMemo } from './index-memo';

const left = (key: string) => ({ exists: true, chunks: 0, indexKeys: [key] });
const bearing = (high: number, low: number): Uint8Array => {
  const value = Buffer.alloc(40, 7);
  value.writeUInt32BE(high, 0);
  value.writeUInt32BE(low, 4);
  return value;
};

describe('the memory of index entries', () => {
  it('knows a record by the stamp of the write that it remembers, and no other', () => {
    const memo = new IndexMemo();
    memo.note('a', { high: 0xffffffff, low: 1 }, left('one'));
    expect(memo.find('a', bearing(0xffffffff, 1))).toEqual(left('one'));
    expect(memo.find('a', bearing(0xffffffff, 2))).toBeUndefined();
    expect(memo.find('a', bearing(0xfffffffe, 1))).toBeUndefined();
    expect(memo.find('a', Buffer.alloc(3))).toBeUndefined();
    expect(memo.find('b', bearing(0xffffffff, 1))).toBeUndefined();
    memo.note('a', { high: 1, low: 2 }, left('two'));
    expect(memo.find('a', bearing(0xffffffff, 1))).toBeUndefined();
    expect(memo.find('a', bearing(1, 2))).toEqual(left('two'));
  });

  it('lets go of what was written longest ago', () => {
    const memo = new IndexMemo();
    memo.note('first', { high: 1, low: 0 }, left('first'));
    memo.note('second', { high: 1, low: 1 }, left('second'));
    memo.note('first', { high: 1, low: 2 }, left('again'));
    for (let low = 3; low < 8_194; low += 1) memo.note(`k${low}`, { high: 1, low }, left('k'));
    expect(memo.find('first', bearing(1, 2))).toEqual(left('again'));
    expect(memo.find('second', bearing(1, 1))).toBeUndefined();
    expect(memo.find('k8193', bearing(1, 8_193))).toEqual(left('k'));
  });
});
