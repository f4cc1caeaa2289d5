/** What a person can do something about: printed as this one line, without a stack. */
export class UserError extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** Runs a program's main; the process ends with the exit code it answers, or with one line that says what is wrong. */
export function runMain(main: () => Promise<number>): void {
  void Promise.resolve()
    .then(main)
    .catch((error: unknown) => {
      const known = error instanceof UserError;
      console.error(known ? error.message : error);
      return known ? error.exitCode : 1;
    })
    .then((code) => {
      process.exitCode = code;
    });
}
