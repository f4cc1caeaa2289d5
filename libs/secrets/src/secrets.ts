import type { TimerHandle, Timers } from '@state-server/domain';
import type { SecretPlace } from './secret-place';
import { SecretsError, type SecretSource, type SecretsState, type SecretsTell } from './secret-source';

export interface OpenSecretsOptions {
  /** The first one that has a name wins. */
  readonly places: readonly SecretPlace[];
}

export interface WatchOptions {
  readonly timers: Timers;
  /** Between two looks, ms. */
  readonly everyMs: number;
  readonly tell: SecretsTell;
}

type Values = ReadonlyMap<string, string>;
const NOTHING: Values = new Map();

/** Looks into every place once. Rejects with SecretsError, which holds everything that is wrong. */
export async function openSecrets(options: OpenSecretsOptions): Promise<Secrets> {
  const secrets = new Secrets(options.places);
  await secrets.open();
  return secrets;
}

/** The places as one, in the order of their precedence. */
export class Secrets implements SecretSource {
  private held: readonly Values[];
  private readonly failing = new Map<string, string>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private looking: Promise<void> | undefined;
  private timer: TimerHandle | undefined;
  private watching: WatchOptions | undefined;

  constructor(private readonly places: readonly SecretPlace[]) {
    this.held = places.map(() => new Map());
  }

  async open(): Promise<void> {
    const found = await Promise.allSettled(this.places.map((place) => place.read()));
    const problems = found.flatMap((one) => (one.status === 'rejected' ? problemsOf(one.reason) : []));
    if (problems.length > 0) throw new SecretsError(problems);
    this.held = found.map((one) => (one.status === 'fulfilled' ? one.value : new Map()));
  }

  get(name: string): string | undefined {
    for (const values of this.held) {
      const value = values.get(name);
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  }

  onChange(name: string, listener: () => void): () => void {
    const those = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, those.add(listener));
    return () => those.delete(listener);
  }

  names(): readonly string[] {
    const managed = this.held.filter((_, index) => this.places[index]?.isManager);
    return [...new Set(managed.flatMap((values) => [...values.keys()]))].sort();
  }

  /** Which place a name is taken from, by its setting. */
  placeOf(name: string): string | undefined {
    const index = this.held.findIndex((values) => (values.get(name) ?? '') !== '');
    return this.places[index]?.setting;
  }

  state(): SecretsState {
    if (this.failing.size === 0) return { status: 'ok' };
    const where = [...this.failing.keys()].join(', ');
    return { status: 'degraded', message: `${where} does not answer; the secrets known before are used.` };
  }

  /** From now on looks come by themselves. */
  watch(options: WatchOptions): void {
    this.close();
    this.watching = options;
    this.next();
  }

  refresh(): Promise<void> {
    this.looking ??= this.look().finally(() => (this.looking = undefined));
    return this.looking;
  }

  close(): void {
    if (this.timer !== undefined) this.watching?.timers.clear(this.timer);
    this.timer = undefined;
    this.watching = undefined;
  }

  private next(): void {
    const { watching } = this;
    if (!watching) return;
    this.timer = watching.timers.set(watching.everyMs, () => {
      void this.refresh().then(() => {
        if (this.watching === watching) this.next();
      });
    });
  }

  private async look(): Promise<void> {
    const found: readonly Values[] = await Promise.all(
      this.places.map(async (place, index) => (await this.readKept(place)) ?? this.held[index] ?? NOTHING),
    );
    const names = new Set([...this.held, ...found].flatMap((values) => [...values.keys()]));
    const before = new Map([...names].map((name) => [name, this.get(name)]));
    this.held = found;
    const changed = [...names].filter((name) => this.get(name) !== before.get(name));
    if (changed.length > 0) this.tell('info', 'secrets.changed', { names: changed });
    for (const name of changed) this.listeners.get(name)?.forEach((listener) => this.call(name, listener));
  }

  /** Undefined: it does not answer, so what is known of it stays. */
  private async readKept(place: SecretPlace): Promise<Values | undefined> {
    try {
      const values = await place.read();
      if (this.failing.delete(place.setting)) {
        this.tell('info', 'secrets.place_recovered', { place: place.setting });
      }
      return values;
    } catch (error) {
      const why = problemsOf(error).join('; ');
      if (this.failing.get(place.setting) !== why) {
        this.tell('warn', 'secrets.place_failed', { place: place.setting, why });
      }
      this.failing.set(place.setting, why);
      return undefined;
    }
  }

  private call(name: string, listener: () => void): void {
    try {
      listener();
    } catch {
      // What went wrong may have the value in its message.
      this.tell('warn', 'secrets.listener_failed', { name });
    }
  }

  private tell: SecretsTell = (level, event, fields) => this.watching?.tell(level, event, fields);
}

/** Only our own words: those of a parser or of the network might repeat what they read. */
function problemsOf(error: unknown): readonly string[] {
  return error instanceof SecretsError ? error.problems : ['a place of secrets cannot be read'];
}

/** Values that do not change, for tests and for tools. */
export function fixedSecrets(values: Readonly<Record<string, string | undefined>> = {}): SecretSource {
  return {
    get: (name) => values[name] || undefined,
    onChange: () => () => undefined,
    names: () => [],
    state: () => ({ status: 'ok' }),
    refresh: () => Promise.resolve(),
    close: () => undefined,
  };
}
