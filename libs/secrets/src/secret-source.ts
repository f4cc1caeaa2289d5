/**
 * Where secrets come from, whatever holds them: the environment, mounted files, HashiCorp Vault.
 *
 * - `get` answers at once, from memory; it never throws and never waits.
 * - A place that does not answer takes nothing away: its last good values serve on, and `state` says so.
 * - What changes there is known here within the poll interval, without a restart.
 * - Values leave through `get` alone: no error, event or state holds one.
 */
export interface SecretSource {
  /** The present value; undefined where there is none. Empty text counts as none. */
  get(name: string): string | undefined;
  /** Told after the value of this name has changed, come or gone. What it throws is nobody else's trouble. Answers how to stop it. */
  onChange(name: string, listener: () => void): () => void;
  /** What a manager of secrets (not the environment) holds at this moment. */
  names(): readonly string[];
  /** For readiness. */
  state(): SecretsState;
  /** Looks now. Resolves when what was found is in force; never rejects. */
  refresh(): Promise<void>;
  /** No look any more. */
  close(): void;
}

export interface SecretsState {
  readonly status: 'ok' | 'degraded';
  /** Names places by their settings. */
  readonly message?: string;
}

/** Secrets cannot be had as things are set up. Problems name settings and keys, never a value. */
export class SecretsError extends Error {
  constructor(readonly problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'SecretsError';
  }
}

/** What happens to it over time, for a log: `secrets.changed`, `secrets.place_failed`, `secrets.place_recovered`, … */
export type SecretsTell = (
  level: 'info' | 'warn',
  event: string,
  fields: Readonly<Record<string, unknown>>,
) => void;
