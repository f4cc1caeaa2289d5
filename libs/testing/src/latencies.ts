/** Collects durations in ms and tells their percentiles. */
export class Latencies {
  private readonly values: number[] = [];

  add(ms: number): void {
    this.values.push(ms);
  }

  get count(): number {
    return this.values.length;
  }

  /** The value that the given share (0–1) does not exceed (nearest rank); NaN when there is none. */
  percentile(share: number): number {
    const sorted = [...this.values].sort((a, b) => a - b);
    const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
    return sorted[rank] ?? Number.NaN;
  }
}
