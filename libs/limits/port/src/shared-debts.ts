/** What one process has let one caller take since it last told the others. */
export interface Spending {
  readonly key: string;
  /** What it adds to his debt. */
  readonly addMs: number;
  /** A debt is kept up to twice this: what several processes let through at the same moment counts, and ends. */
  readonly windowMs: number;
}

/**
 * What all processes of an installation have let through, together. Never asked in the way of a request: a process decides
 * by what it knows, and learns from here several times a second.
 */
export interface SharedDebts {
  /**
   * Adds each to what is known of its key, and answers the whole debt of each in ms, in the same order. Rejects when it is
   * away or late: then all of it, some or nothing may have been added. Nobody's clock is sent: a debt is a span of time.
   */
  add(spendings: readonly Spending[]): Promise<readonly number[]>;
  close(): void;
}
