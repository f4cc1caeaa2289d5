/**
 * Bounds what is in flight: memory of the native client is given back only when JavaScript collects its garbage, so
 * that nothing else bounds it. Whoever finds no slot waits in line.
 */
export class Slots {
  private taken = 0;
  private readonly waiting: { readonly go: () => void; readonly fail: (error: Error) => void }[] = [];

  constructor(
    private readonly count: number,
    private readonly onChange: (taken: number) => void,
  ) {}

  async take(): Promise<void> {
    if (this.taken >= this.count) {
      // The slot of the one that wakes us is ours: it is never free in between.
      await new Promise<void>((go, fail) => this.waiting.push({ go, fail }));
      return;
    }
    this.taken += 1;
    this.onChange(this.taken);
  }

  give(): void {
    const next = this.waiting.shift();
    if (next) {
      next.go();
      return;
    }
    this.taken -= 1;
    this.onChange(this.taken);
  }

  /** Whoever waits now waits in vain. */
  failWaiting(error: Error): void {
    for (const each of this.waiting.splice(0)) each.fail(error);
  }
}
