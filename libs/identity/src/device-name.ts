import Bowser from 'bowser';

const MAX_CHARS = 100;

/** A name by which a person knows the device again: `Firefox on Windows`; of a program its own. Undefined: it tells nothing. */
export function deviceName(userAgent: string | undefined): string | undefined {
  if (userAgent === undefined || userAgent.trim() === '') return undefined;
  const { browser, os } = Bowser.parse(userAgent);
  const system = os.name;
  const program = browser.name || userAgent.trim().split(/[\s/(]/, 1)[0];
  const known = [program, system].filter((part) => part !== undefined && part !== '');
  return known.length === 0 ? undefined : known.join(' on ').slice(0, MAX_CHARS);
}
