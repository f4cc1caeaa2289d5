import type { SecretPlace } from '../secret-place';

/** Variables of the process, as it was started. */
export function environmentPlace(
  environment: Readonly<Record<string, string | undefined>>,
  names: readonly string[],
): SecretPlace {
  const values = new Map<string, string>();
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== '') values.set(name, value);
  }
  return { setting: 'the environment', isManager: false, read: () => Promise.resolve(values) };
}
