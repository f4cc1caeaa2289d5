import { type KeySet, LiveSigningKeys, parseKeySet } from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import { liveSetting, type Service } from '@state-server/platform';
import { filesPlace, openSecrets } from '@state-server/secrets';
import { type AuthConfig, config as settings } from './config';
import { readKeySet } from './read-keys';
import { recordRotation } from './record-rotation';

/**
 * The keys that this service signs with. They follow their source while it runs: nobody is signed out, for what the old ones
 * have signed is verified for as long as they are in the set. A source that turns bad changes nothing. Throws ConfigError.
 */
export async function openSigningKeys(service: Service<AuthConfig>, store: Store): Promise<LiveSigningKeys> {
  const { config, environment, log, metrics } = service;
  const first = readKeySet(config);
  const keys = await LiveSigningKeys.open(first, environment.clock);
  const record = (set: KeySet): void => {
    recordRotation(store, set, environment.clock.now()).catch((error: unknown) =>
      log.error('keys.audit_failed', { err: error }),
    );
  };
  if (first.keys.length > 1) record(first);
  const take = (set: KeySet): void => {
    keys.take(set).then(
      () => {
        log.info('keys.taken', { signing: keys.kid, published: keys.jwks.keys.map(({ kid }) => kid) });
        record(set);
      },
      (error: unknown) => log.error('keys.refused', { err: error }),
    );
  };
  const takeText = (text: string | undefined): void => {
    try {
      if (text !== undefined) take(parseKeySet(text));
    } catch (error) {
      log.error('keys.refused', { err: error });
    }
  };
  const keySet = liveSetting(service, settings.fields, 'JWT_KEY_SET', (set) => set && take(set));
  liveSetting(service, settings.fields, 'JWT_PRIVATE_KEY', (text) => {
    if (keySet() === undefined) takeText(text);
  });
  const { JWT_PRIVATE_KEY_FILE: file } = config;
  if (config.JWT_KEY_SET === undefined && file !== undefined) {
    await followFile(service, file, (text) => (keySet() === undefined ? takeText(text) : undefined));
  }
  metrics.gauge(
    {
      name: 'signing_keys',
      help: 'Keys that access tokens are verified with: next, signing and retired ones.',
    },
    (gauge) => gauge.set(keys.jwks.keys.length),
  );
  return keys;
}

async function followFile(
  service: Service<AuthConfig>,
  file: string,
  take: (text: string | undefined) => void,
): Promise<void> {
  const { config, environment, log } = service;
  const place = await openSecrets({ places: [filesPlace(new Map([['JWT_PRIVATE_KEY', file]]))] });
  place.onChange('JWT_PRIVATE_KEY', () => take(place.get('JWT_PRIVATE_KEY')));
  place.watch({
    timers: environment.timers,
    everyMs: config.SECRETS_POLL_MS,
    tell: (level, event, fields) => log.log(level, event, fields),
  });
  service.onClose('signing keys', () => place.close());
}
