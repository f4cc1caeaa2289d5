import { readFileSync } from 'node:fs';
import {
  importOutsideKeys,
  looksPublic,
  type OutsideIssuer,
  outsideIssuer,
  parseOutsideIssuers,
  remoteKeys,
  sharedSecretIssuer,
  type TrustedIssuer,
} from '@state-server/identity';
import type { Store } from '@state-server/persistence-port';
import {
  ConfigError,
  type ConfigOf,
  issuerFields,
  liveSetting,
  type Service,
  type ServiceConfig,
} from '@state-server/platform';

export type IssuerConfig = ConfigOf<typeof issuerFields> & ServiceConfig;

/**
 * Whose tokens are good besides those of the auth service: of a shared secret (JWT_SECRET), and of outside issuers
 * (OUTSIDE_ISSUERS_FILE). Throws ConfigError, which names the setting and nothing of a secret.
 */
export function openOtherIssuers(service: Service<IssuerConfig>, store: Store): readonly TrustedIssuer[] {
  const { config, environment, log } = service;
  const users = { store, environment, log };
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = config;
  const setting = liveSetting(service, issuerFields, 'JWT_SECRET');
  const secret = (): string | undefined => {
    const text = setting();
    return text === undefined || looksPublic(text) ? undefined : text;
  };
  if (config.JWT_SECRET !== undefined && looksPublic(config.JWT_SECRET)) {
    throw new ConfigError(['JWT_SECRET must not be a key that is published: whoever reads it could sign']);
  }
  if (config.JWT_SECRET !== undefined) log.warn('auth.shared_secret_accepted');
  const outside = readIssuers(config).map((settings) =>
    outsideIssuer(settings, openKeys(service, settings), users),
  );
  return [sharedSecretIssuer({ issuer, audience, secret }, users), ...outside];
}

function readIssuers(config: IssuerConfig): readonly OutsideIssuer[] {
  const { OUTSIDE_ISSUERS_FILE: file } = config;
  if (file === undefined) return [];
  try {
    return parseOutsideIssuers(readFileSync(file, 'utf8'), {
      ownIssuer: config.JWT_ISSUER,
      allowHttp: config.NODE_ENV !== 'production',
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it is not readable';
    throw new ConfigError([`OUTSIDE_ISSUERS_FILE: ${reason}`]);
  }
}

/** Its tokens wait for it when its keys are not known; nobody else's do, so readiness is not at stake. */
function openKeys(service: Service<IssuerConfig>, settings: OutsideIssuer): ReturnType<typeof remoteKeys> {
  const { environment, log, health } = service;
  const keys = remoteKeys({
    url: settings.jwks_url,
    environment,
    log,
    importKeys: importOutsideKeys(settings.algorithms),
  });
  service.onClose(`keys of ${settings.issuer}`, () => keys.close());
  health.register(`issuer ${settings.issuer}`, () =>
    keys.state().status === 'ok'
      ? { status: 'ok' }
      : { status: 'degraded', message: 'The public keys of this issuer cannot be had at this moment.' },
  );
  return keys;
}
