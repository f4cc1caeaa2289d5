import { describeFigure, ratios, spread } from './figure';

const figure = { name: 'x', unit: 'per s', peer: 'bare', ours: [2, 9, 4], theirs: [1, 3, 4] };

describe('figures', () => {
  it('take the ratio round by round, and say how far the rounds are apart', () => {
    expect(ratios(figure)).toEqual([2, 3, 1]);
    expect(spread(ratios(figure))).toEqual({ min: 1, median: 2, max: 3 });
    expect(describeFigure(figure)).toContain('ratio   2.00 (1.00 – 3.00)');
  });
});
