export interface UntilOptions {
  /** Milliseconds after which the wait fails; default 30,000: far above what a busy machine makes of it. */
  readonly timeoutMs?: number;
  /** Milliseconds between two looks; default 5. */
  readonly everyMs?: number;
  /** Said in the failure, beside the last error. */
  readonly what?: string;
}

/**
 * Waits in real time until the condition answers something other than false, null or undefined, and answers that.
 * An exception in the condition counts as "not yet"; the last one is the cause of the failure.
 */
export async function until<T>(
  condition: () => T | false | null | undefined | Promise<T | false | null | undefined>,
  options: UntilOptions = {},
): Promise<T> {
  const { timeoutMs = 30_000, everyMs = 5, what = 'condition' } = options;
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) return value;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
