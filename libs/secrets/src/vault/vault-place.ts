import type { Clock } from '@state-server/domain';
import { SECRET_NAME, type WritablePlace } from '../secret-place';
import { SecretsError } from '../secret-source';
import {
  callVault,
  field,
  statusWords,
  type VaultAnswer,
  type VaultCall,
  VaultCallError,
  type VaultHttpOptions,
} from './vault-http';
import { type VaultAuth, VaultToken } from './vault-token';

export interface VaultOptions extends VaultHttpOptions {
  /** Where the KV engine (version 2) is mounted. */
  readonly mount: string;
  /** Of the one record that holds all secrets of this installation, one field each. */
  readonly path: string;
  readonly auth: VaultAuth;
  readonly clock: Clock;
  /** Waits between two attempts; default: a timer. */
  readonly pause?: (ms: number) => Promise<void>;
}

const SETTING = 'VAULT_ADDR';
const ATTEMPTS = 3;
const PAUSE_MS = 200;
const CHANGE_ATTEMPTS = 5;

interface Version {
  readonly version: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * A record of HashiCorp Vault's KV engine, version 2, over its HTTP API. Our own hundred lines rather than `node-vault`: two
 * calls are all that is needed, and that package brings a whole HTTP client along.
 */
export function vaultPlace(options: VaultOptions): WritablePlace {
  const vault = new Vault(options);
  return {
    setting: SETTING,
    isManager: true,
    read: async () => valuesOf(await vault.read(), options),
    change: (name, change) => vault.change(name, change),
  };
}

class Vault {
  private readonly token: VaultToken;

  constructor(private readonly options: VaultOptions) {
    this.token = new VaultToken(options.auth, options, options.clock);
  }

  async read(): Promise<Version> {
    const answer = await this.ask({ method: 'GET', path: this.path() });
    if (answer.status !== 200) throw this.refusal(answer);
    const outer = field(answer.body, 'data');
    const data = field(outer, 'data');
    const version = field(field(outer, 'metadata'), 'version');
    if (typeof data !== 'object' || data === null || Array.isArray(data) || typeof version !== 'number') {
      throw problem('its answer is not that of a KV engine, version 2');
    }
    return { version, data: data as Readonly<Record<string, unknown>> };
  }

  async change(name: string, change: (present: string | undefined) => string | undefined): Promise<void> {
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt += 1) {
      const { version, data } = await this.read();
      const present = data[name];
      const next = change(typeof present === 'string' && present !== '' ? present : undefined);
      if (next === undefined) return;
      const body = { options: { cas: version }, data: { ...data, [name]: next } };
      const answer = await this.ask({ method: 'POST', path: this.path(), body });
      if (answer.status === 200) return;
      if (!isConflict(answer)) throw this.refusal(answer);
    }
    throw problem('somebody else is changing the same record; try again');
  }

  private path(): string {
    const { mount, path } = this.options;
    const parts = path.split('/').map(encodeURIComponent);
    return `${mount}/data/${parts.join('/')}`;
  }

  /** What may pass by itself is tried again, a refused token got anew once. A write that may have happened meets its own version. */
  private async ask(call: VaultCall): Promise<VaultAnswer> {
    let failure = 'it does not answer';
    let renewed = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      if (attempt > 0) await this.pause(PAUSE_MS * 2 ** (attempt - 1));
      try {
        const answer = await callVault(this.options, { ...call, token: await this.token.get() });
        if (answer.status === 403 && !renewed && this.token.refused()) {
          renewed = true;
          continue;
        }
        if (answer.status !== 429 && answer.status < 500) return answer;
        failure = statusWords(answer.status);
      } catch (error) {
        if (!(error instanceof VaultCallError)) throw error;
        failure = error.reason;
      }
    }
    throw problem(failure);
  }

  private pause(ms: number): Promise<void> {
    const { pause = sleep } = this.options;
    return pause(ms);
  }

  private refusal({ status }: VaultAnswer): SecretsError {
    const { mount, path } = this.options;
    if (status === 403) return problem(`it does not let us read or write ${mount}/${path} (403)`);
    if (status === 404) return problem(`there is nothing at ${mount}/${path} (404)`);
    return problem(statusWords(status));
  }
}

function valuesOf({ data }: Version, { mount, path }: VaultOptions): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(data)) {
    if (!SECRET_NAME.test(name)) continue;
    if (typeof value !== 'string') throw problem(`${name} in ${mount}/${path} is no text`);
    if (value !== '') values.set(name, value.replace(/[\r\n]+$/, ''));
  }
  return values;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

function isConflict({ status, body }: VaultAnswer): boolean {
  const errors = field(body, 'errors');
  return (
    status === 400 && Array.isArray(errors) && errors.some((text) => String(text).includes('check-and-set'))
  );
}

function problem(reason: string): SecretsError {
  return new SecretsError([`${SETTING}: ${reason}`]);
}
