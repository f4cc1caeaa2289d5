/** Lets time pass until the promise is settled. */
export async function soon<T>(
  environment: { advance(ms: number): Promise<void> },
  run: Promise<T>,
): Promise<T> {
  let settled = false;
  const mark = (): void => {
    settled = true;
  };
  run.then(mark, mark);
  while (!settled) await environment.advance(10);
  return run;
}
