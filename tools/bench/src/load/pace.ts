/** Calls `total` times, `perSecond` in a second, late calls at once; resolves after the last. */
export async function pace(total: number, perSecond: number, call: (turn: number) => void): Promise<void> {
  const start = performance.now();
  for (let turn = 0; turn < total; turn += 1) {
    call(turn);
    const wait = start + ((turn + 1) * 1_000) / perSecond - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

/** Calls each at its moment (ms from now, ascending). */
export async function replay<T>(
  moments: readonly { readonly at: number; readonly what: T }[],
  call: (what: T) => void,
): Promise<void> {
  const start = performance.now();
  for (const { at, what } of moments) {
    const wait = start + at - performance.now();
    if (wait > 1) await new Promise((resolve) => setTimeout(resolve, wait));
    call(what);
  }
}
