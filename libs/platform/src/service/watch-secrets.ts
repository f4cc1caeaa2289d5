import type { Secrets, SecretSource } from '@state-server/secrets';
import type { Field } from '../config/field';
import type { ConfigOf, FieldTable } from '../config/define-config';
import { readSetting } from '../config/load-config';
import { secretNames } from '../config/secret-names';
import type { ServiceConfig } from '../config/common-fields';
import { hideSecret } from '../log/known-secrets';
import type { Service } from './service';

/** Settings that somebody follows: all others want a restart when they change. */
const followed = new WeakMap<SecretSource, Set<string>>();

/**
 * A sensitive setting that follows its source: what it answers is checked as at the start, and a value that is not right is
 * said once, by name, and not taken: the one before serves on.
 * @param onChange told after a new value is in force
 */
export function liveSetting<Fields extends FieldTable, Name extends keyof Fields & string>(
  service: Pick<Service<ServiceConfig & ConfigOf<Fields>>, 'config' | 'secrets' | 'log'>,
  fields: Fields,
  name: Name,
  onChange: (value: ConfigOf<Fields>[Name]) => void = () => undefined,
): () => ConfigOf<Fields>[Name] {
  const { config, secrets, log } = service;
  const field: Field<unknown> | undefined = fields[name];
  if (!field) throw new Error(`there is no setting ${name}`);
  let present: ConfigOf<Fields>[Name] = config[name];
  followed.set(secrets, (followed.get(secrets) ?? new Set()).add(name));
  secrets.onChange(name, () => {
    const { value, problem } = readSetting(name, field, secrets.get(name), config.NODE_ENV === 'production');
    if (problem !== undefined) {
      log.error('secrets.refused', { setting: name, problem });
      return;
    }
    // What the field's own schema made is what ConfigOf is inferred from.
    present = value as ConfigOf<Fields>[Name];
    log.info('secrets.taken', { setting: name });
    onChange(present);
  });
  return () => present;
}

/** Keeps looking for changed secrets while the service runs, hides all of them from its log, and tells readiness. */
export function watchSecrets(service: Service, secrets: Secrets, fields: FieldTable): void {
  const { log, health, environment, config } = service;
  for (const name of secretNames(fields)) {
    hideSecret(secrets.get(name) ?? '');
    secrets.onChange(name, () => {
      hideSecret(secrets.get(name) ?? '');
      if (!followed.get(secrets)?.has(name)) log.warn('secrets.needs_restart', { setting: name });
    });
  }
  hideSecret(config.VAULT_TOKEN ?? '');
  secrets.watch({
    timers: environment.timers,
    everyMs: config.SECRETS_POLL_MS,
    tell: (level, event, fields_) => log.log(level, event, fields_),
  });
  health.register('secrets', () => secrets.state());
  service.onClose('secrets', () => secrets.close());
}
