import { sumCounter } from './dev-system';

it('sums a counter over pages and labels, and takes no other metric for it', () => {
  const page = [
    '# HELP gaps_total Gaps.',
    '# TYPE gaps_total counter',
    'gaps_total{brane="a",service="x"} 3',
    'gaps_total 2',
    'gaps_total_created 9',
    'other_total 5',
  ].join('\n');
  expect(sumCounter([page, 'gaps_total 1e1', ''], 'gaps_total')).toBe(15);
});
