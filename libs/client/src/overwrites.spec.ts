import { asObjectId, asOpId, asUserId, type Op } from '@state-server/domain';
import { Overwrites } from './overwrites';

const chair = asObjectId('chair');
const other = asUserId('other');
const paint = (color: string, version: number): Op => ({
  op: 'update',
  id: chair,
  set: { '/properties/color': color },
  unset: [],
  version,
});

describe('overwrites', () => {
  it('tells once when another user writes over the same field after us', () => {
    const overwrites = new Overwrites();
    overwrites.wrote(asOpId('mine'), [paint('red', 2)]);
    const expected = { opId: 'mine', id: 'chair', field: '/properties/color', by: 'other' };
    expect(overwrites.others(other, [paint('blue', 3)])).toEqual([expected]);
    expect(overwrites.others(other, [paint('green', 4)])).toEqual([]);
  });

  it('keeps quiet about other fields of the same object', () => {
    const overwrites = new Overwrites();
    overwrites.wrote(asOpId('mine'), [paint('red', 2)]);
    const move: Op = { op: 'transform', id: chair, transform: new Float32Array(16), version: 3 };
    expect(overwrites.others(other, [move])).toEqual([]);
  });

  it('remembers a bounded number of own writes, the newest', () => {
    const overwrites = new Overwrites();
    const write = (index: number): Op => ({
      op: 'delete',
      id: asObjectId(`object ${index}`),
      version: 2,
    });
    for (let index = 0; index <= 500; index += 1) overwrites.wrote(asOpId(`op ${index}`), [write(index)]);
    expect(overwrites.others(other, [write(0)])).toEqual([]);
    expect(overwrites.others(other, [write(500)])).toHaveLength(1);
  });
});
