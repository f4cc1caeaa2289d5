type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What the services will store their data in, by the environment that they inherit (libs/platform decides so, too, and
 * its spec here compares them: this tool starts before any of that is built). Words only: an address may hold a password.
 */
export function storeInUse(environment: Environment): string | undefined {
  if (isTrue(environment['FDB_ENABLED'])) return 'FoundationDB (FDB_ENABLED)';
  if (environment['MONGODB_URI']) return 'MongoDB (MONGODB_URI)';
  return undefined;
}

const isTrue = (text: string | undefined): boolean => ['true', '1'].includes(text?.toLowerCase() ?? '');
