import { parseArgs } from 'node:util';
import {
  formatKeySet,
  type KeySet,
  parseKeySet,
  rotateKeySet,
  type RotateOutcome,
  stateOf,
} from '@state-server/identity';
import { type KeyPlace, keyPlace } from './key-place';

export const HELP = `keys: the keys that access tokens are signed with

  keys list              each key: next (published, does not sign yet), signing, retired (verifies what it has
                         signed), dead
  keys rotate            publish a new key now; it signs from five minutes on, when every service knows it, and the one
                         before verifies for 30 minutes more, when its last token has died. Nobody is signed out.
                         One write: it may be killed or run again at any time
  keys rotate --compromised
                         the keys have leaked: a new one signs at once, the old ones verify nothing any more. Access
                         tokens are refused within a minute, sessions live on by their refresh tokens

  --lead SECONDS         between publication and first signature, at least 120 (300 unless told)
  --file PATH            the key set, or keys in PEM, in this file; it is made where there is none
  --data DIR             folder of ./dev up (.data unless told)

Without --file it is where auth has it: Vault (VAULT_ADDR …), SECRETS_DIR, JWT_KEY_SET_FILE, JWT_PRIVATE_KEY_FILE.
`;

export interface CommandWorld {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now?: () => number;
  readonly write?: (line: string) => void;
}

/** Beyond the two minutes for which auth publishes a key before it signs with it, however late it heard of it. */
const LEAST_LEAD_SECONDS = 120;
const LEAD_SECONDS = 300;
/** Twice what an access token lives. */
const DRAIN_MS = 30 * 60_000;

/** Answers the exit code. Throws words where it could not be done. */
export async function runCommand(args: readonly string[], world: CommandWorld): Promise<number> {
  const { write = (line) => void process.stdout.write(`${line}\n`), now = Date.now } = world;
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      file: { type: 'string' },
      data: { type: 'string', default: '.data' },
      lead: { type: 'string', default: String(LEAD_SECONDS) },
      compromised: { type: 'boolean', default: false },
    },
  });
  const [name, ...more] = positionals;
  if (more.length > 0) throw new Error(`unexpected argument '${more.join(' ')}'; ./dev keys help`);
  switch (name) {
    case 'list':
      await list(keyPlace(world.environment, values), now(), write);
      return 0;
    case 'rotate': {
      const times = { now, leadMs: leadOf(values.lead), compromised: values.compromised };
      await rotate(keyPlace(world.environment, values), times, write);
      return 0;
    }
    case undefined:
    case 'help':
      write(HELP.trimEnd());
      return 0;
    default:
      throw new Error(`there is no command '${name}'; ./dev keys help`);
  }
}

function leadOf(text: string): number {
  const seconds = Number(text);
  if (!Number.isInteger(seconds) || seconds < LEAST_LEAD_SECONDS || seconds > 86_400) {
    throw new Error(`--lead is a whole number of seconds from ${LEAST_LEAD_SECONDS} to 86400`);
  }
  return seconds * 1_000;
}

async function list(where: KeyPlace, now: number, write: (line: string) => void): Promise<void> {
  const values = await where.place.read();
  const text = values.get(where.name) ?? values.get('JWT_PRIVATE_KEY');
  if (text === undefined) throw new Error(`there is no key set in ${where.words}`);
  const set = parseKeySet(text);
  write(where.words);
  for (const key of set.keys) {
    const until = key.verifies_until === undefined ? '' : `, verifies until ${key.verifies_until}`;
    write(`  ${key.kid}  ${stateOf(set, key, now).padEnd(7)}  signs from ${key.signs_from}${until}`);
  }
}

interface RotateTimes {
  readonly now: () => number;
  readonly leadMs: number;
  readonly compromised: boolean;
}

async function rotate(where: KeyPlace, times: RotateTimes, write: (line: string) => void): Promise<void> {
  // A set begins with the key that auth has used so far, where that lies in the same place.
  const earlier = await earlierKeys(where);
  let outcome: RotateOutcome | undefined;
  await where.place.change(where.name, (present) => {
    const before = present ?? earlier;
    const set: KeySet = before === undefined ? { keys: [] } : parseKeySet(before);
    outcome = rotateKeySet(set, { ...times, now: times.now(), drainMs: DRAIN_MS });
    return outcome.kind === 'begun' ? formatKeySet(outcome.set) : undefined;
  });
  if (outcome) for (const line of linesOf(outcome, where, times.compromised)) write(line);
}

async function earlierKeys({ place, name }: KeyPlace): Promise<string | undefined> {
  // A file that is to be made cannot be read yet; what is wrong otherwise, the change itself says.
  const values = await place.read().catch(() => new Map<string, string>());
  return name === 'JWT_KEY_SET' ? values.get('JWT_PRIVATE_KEY') : undefined;
}

function linesOf(outcome: RotateOutcome, { words }: KeyPlace, compromised: boolean): string[] {
  const { kid, signs_from } = outcome.key;
  if (outcome.kind === 'under_way') {
    return [`a rotation is under way: ${kid} is published and signs from ${signs_from}; nothing was changed`];
  }
  const { before } = outcome;
  return [
    `${kid} is in ${words}: published as soon as auth has looked (SECRETS_POLL_MS), signs from ${signs_from}`,
    ...(before === undefined || compromised
      ? []
      : [`${before.kid} signs until then, and verifies until its tokens have died; nobody is signed out`]),
    ...(compromised
      ? ['the keys before are gone: their tokens are refused as soon as every service has looked']
      : []),
  ];
}
