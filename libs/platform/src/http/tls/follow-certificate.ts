import type { Server } from 'node:tls';
import { tlsFields } from '../../config/common-fields';
import { ConfigError } from '../../config/load-config';
import type { Service } from '../../service/service';
import { liveSetting } from '../../service/watch-secrets';
import { tlsOptions } from './tls-options';
import { type CheckedPair, checkPair, readPair, type TlsPair } from './tls-pair';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** A certificate that is not renewed by then is worth a line in the log. */
const SOON_MS = 14 * DAY_MS;

/**
 * Looks again and again for a new certificate and takes it for handshakes from then on: connections that stand are not
 * touched. One that is not right is refused and said once; the one before serves on.
 */
export function followCertificate(service: Service, server: Server, first: CheckedPair): void {
  const { config, environment, log, metrics } = service;
  const cert = liveSetting(service, tlsFields, 'TLS_CERT');
  const key = liveSetting(service, tlsFields, 'TLS_KEY');
  let present = first;
  let refused: TlsPair | undefined;
  const outcome = metrics.counter({
    name: 'tls_reloads_total',
    help: 'New certificates that were taken, or refused.',
    labels: ['outcome'],
  });
  metrics.gauge(
    { name: 'tls_certificate_expires_at_seconds', help: 'When the certificate ends, Unix time.' },
    (gauge) => gauge.set(present.validTo / 1_000),
  );
  tellExpiry(service, present);
  const look = (): void => {
    let found: TlsPair | undefined;
    try {
      found = readPair({ ...config, TLS_CERT: cert(), TLS_KEY: key() });
      if (isSame(found, present) || (refused && isSame(found, refused))) return;
      const checked = checkPair(found);
      server.setSecureContext(tlsOptions(checked));
      present = checked;
      refused = undefined;
      outcome.inc({ outcome: 'taken' });
      log.info('tls.reloaded', { expires: new Date(checked.validTo).toISOString() });
      tellExpiry(service, checked);
    } catch (error) {
      // A file that is being replaced is not there for a moment: that is looked at again before it is said.
      if (!found) return;
      refused = found;
      outcome.inc({ outcome: 'refused' });
      const problem = error instanceof ConfigError ? error.problems.join('; ') : 'TLS_CERT cannot be used';
      log.error('tls.reload_refused', { problem });
    }
  };
  const again = (): void => {
    timer = environment.timers.set(config.TLS_RELOAD_MS, () => {
      look();
      again();
    });
  };
  let timer = environment.timers.set(config.TLS_RELOAD_MS, () => {
    look();
    again();
  });
  service.onClose('tls', () => environment.timers.clear(timer));
}

function tellExpiry({ environment, log }: Service, { validFrom, validTo }: CheckedPair): void {
  const now = environment.clock.now();
  const expires = new Date(validTo).toISOString();
  if (now >= validTo || now < validFrom) log.error('tls.certificate_not_valid', { expires });
  else if (validTo - now < SOON_MS) log.warn('tls.certificate_expires_soon', { expires });
}

function isSame(one: TlsPair, other: TlsPair): boolean {
  return one.cert === other.cert && one.key === other.key;
}
