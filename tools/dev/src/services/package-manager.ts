import { spawnSync } from 'node:child_process';

/** How a system's package manager installs a server that speaks Redis: tried in order, until one succeeds. */
export interface PackageManager {
  readonly program: string;
  /** Homebrew installs for its user; the others need root. */
  readonly needsRoot: boolean;
  readonly commands: readonly (readonly string[])[];
}

const MANAGERS: readonly PackageManager[] = [
  {
    program: 'apt-get',
    needsRoot: true,
    commands: [
      ['sh', '-c', 'apt-get update -qq && apt-get install -y -qq redis-server'],
      ['apt-get', 'install', '-y', '-qq', 'valkey-server'],
    ],
  },
  {
    program: 'dnf',
    needsRoot: true,
    commands: [
      ['dnf', 'install', '-y', '-q', 'valkey'],
      ['dnf', 'install', '-y', '-q', 'redis'],
    ],
  },
  {
    program: 'apk',
    needsRoot: true,
    commands: [
      ['apk', 'add', '--quiet', 'redis'],
      ['apk', 'add', '--quiet', 'valkey'],
    ],
  },
  {
    program: 'brew',
    needsRoot: false,
    commands: [
      ['brew', 'install', '--quiet', 'redis'],
      ['brew', 'install', '--quiet', 'valkey'],
    ],
  },
];

export type InstallPlan =
  | { readonly kind: 'run'; readonly program: string; readonly commands: readonly (readonly string[])[] }
  | { readonly kind: 'ask'; readonly line: string };

export interface System {
  has(program: string): boolean;
  readonly isRoot: boolean;
  /** `sudo` works without a password. */
  readonly maySudo: boolean;
}

const BY_HAND =
  'Redis is missing: install redis-server or valkey, or set REDIS_URL to a Redis that runs; then ./dev up again.';

/** What to run to get a Redis here, or the one line that says what a person has to do. */
export function installPlan(system: System): InstallPlan {
  const manager = MANAGERS.find(({ program }) => system.has(program));
  if (!manager) return { kind: 'ask', line: BY_HAND };
  const [first = []] = manager.commands;
  const allowed = !manager.needsRoot || system.isRoot || system.maySudo;
  if (!allowed) {
    const command = (first[0] === 'sh' ? first.slice(2) : first)
      .join(' ')
      .replace(/apt-get/g, 'sudo apt-get');
    const line = manager.program === 'apt-get' ? command : `sudo ${command}`;
    return {
      kind: 'ask',
      line: `Redis is missing. Install it (${line}), or set REDIS_URL to a Redis that runs; then ./dev up again.`,
    };
  }
  const prefix = manager.needsRoot && !system.isRoot ? ['sudo', '-n'] : [];
  return {
    kind: 'run',
    program: manager.program,
    commands: manager.commands.map((command) => [...prefix, ...command]),
  };
}

export function thisSystem(): System {
  const succeeds = (program: string, ...args: string[]): boolean =>
    spawnSync(program, args, { stdio: 'ignore' }).status === 0;
  return {
    has: (program) => succeeds('sh', '-c', `command -v ${program}`),
    isRoot: process.getuid?.() === 0,
    maySudo: succeeds('sudo', '-n', 'true'),
  };
}
