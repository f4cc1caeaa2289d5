/** One benchmark's outcome: ours against a peer that was measured in the same run, round by round. */
export interface Figure {
  readonly name: string;
  /** What one unit is: `edits per CPU-second`, `ms`. */
  readonly unit: string;
  readonly peer: string;
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { min: at(0), median: at(0.5), max: at(1) };
}

/** Ratio ours : theirs of each round, so that a machine whose speed drifts does not decide. */
export function ratios({ ours, theirs }: Figure): number[] {
  return ours.map((value, round) => value / (theirs[round] ?? Number.NaN));
}

export function describeFigure(figure: Figure): string {
  const round = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  const show = ({ min, median, max }: Spread): string => `${round(median)} (${round(min)} – ${round(max)})`;
  return [
    figure.name,
    `  ours    ${show(spread(figure.ours))} ${figure.unit}`,
    `  peer    ${show(spread(figure.theirs))} ${figure.unit}: ${figure.peer}`,
    `  ratio   ${show(spread(ratios(figure)))}`,
  ].join('\n');
}
