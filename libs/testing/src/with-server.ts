export interface ServerTests {
  /** What is tested, as the first words of every test's name: `the store on MongoDB`. */
  readonly name: string;
  /** Environment variable that names a running server of that kind: `TEST_MONGODB_URI`. */
  readonly variable: string;
  /** What the variable holds, for people: `the URI of a replica set that may be written to`. */
  readonly value: string;
}

/**
 * Declares tests that need a server which the tests cannot start themselves. With the variable set they run, and a server
 * that does not answer fails them; without it there is ONE test, skipped, whose name says what was not tried and what to set.
 * `./dev test` lists it at its end.
 */
export function describeWithServer(server: ServerTests, declare: (address: string) => void): void {
  const address = process.env[server.variable]?.trim();
  if (address) describe(server.name, () => declare(address));
  else it.skip(skippedName(server), () => undefined);
}

const skippedName = ({ name, variable, value }: ServerTests): string =>
  `${name} (not tried: ${variable} is not set; it would name ${value})`;
