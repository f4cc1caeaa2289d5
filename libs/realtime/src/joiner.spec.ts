import { Joiner } from './joiner';

const [one, two, three] = [Uint8Array.of(1), Uint8Array.of(2, 2), Uint8Array.of(3)];

describe('joining frames into messages', () => {
  it('makes the message once for all who are sent the same frames (RT-6)', () => {
    const joiner = new Joiner();
    const message = joiner.joinCbor([one, two]);
    expect([...message]).toEqual([1, 2, 2]);
    expect(joiner.joinCbor([one, two])).toBe(message);
    const text = joiner.joinJson(['1', '2']);
    expect(text).toBe('[1,2]');
    expect(joiner.joinCbor([one, two])).toBe(message);
  });

  it('makes another one for whoever is sent anything else', () => {
    const joiner = new Joiner();
    const frames = [one, two];
    joiner.joinCbor(frames);
    expect([...joiner.joinCbor([one, three])]).toEqual([1, 3]);
    expect([...joiner.joinCbor([one])]).toEqual([1]);
    expect([...joiner.joinCbor([one, two, three])]).toEqual([1, 2, 2, 3]);
    expect([...joiner.joinCbor([two, one])]).toEqual([2, 2, 1]);
  });

  it('is not misled by a list that its owner has emptied and filled again', () => {
    const joiner = new Joiner();
    const frames = [one, two];
    joiner.joinCbor(frames);
    frames.length = 0;
    frames.push(three, three);
    expect([...joiner.joinCbor(frames)]).toEqual([3, 3]);
  });

  it('keeps nothing after it was cleared', () => {
    const joiner = new Joiner();
    const message = joiner.joinCbor([one, two]);
    joiner.clear();
    expect(joiner.joinCbor([one, two])).not.toBe(message);
    expect(joiner.joinCbor([one, two])).toEqual(message);
  });
});
