import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError } from '../../config/load-config';

/** PEM: a certificate with those that lead to its authority, and its key. */
export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

export interface CheckedPair extends TlsPair {
  /** Of the first certificate, ms since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
}

interface TlsSettings {
  readonly TLS_CERT?: string | undefined;
  readonly TLS_KEY?: string | undefined;
  readonly TLS_CERT_FILE?: string | undefined;
  readonly TLS_KEY_FILE?: string | undefined;
}

type Part = 'TLS_CERT' | 'TLS_KEY';

/** Whether the service ends TLS itself. */
export function hasTls(settings: TlsSettings): boolean {
  return settings.TLS_CERT !== undefined || settings.TLS_CERT_FILE !== undefined;
}

/** What the settings name at this moment. Throws ConfigError, which names the setting and nothing of the key. */
export function readPair(settings: TlsSettings): TlsPair {
  return { cert: readPart(settings, 'TLS_CERT'), key: readPart(settings, 'TLS_KEY') };
}

function readPart(settings: TlsSettings, name: Part): string {
  const { [name]: text, [`${name}_FILE` as const]: file } = settings;
  // Where a variable cannot hold a line break, \n stands for one.
  if (text !== undefined) return text.replaceAll('\\n', '\n');
  try {
    return readFileSync(file ?? '', 'utf8');
  } catch {
    throw new ConfigError([`${name}_FILE names a file that cannot be read`]);
  }
}

/** Throws ConfigError with one line when it is no certificate, no key, or they do not belong together. */
export function checkPair(pair: TlsPair): CheckedPair {
  const certificate = attempt('TLS_CERT is no certificate in PEM', () => new X509Certificate(pair.cert));
  const key = attempt('TLS_KEY is no private key in PEM (without a password)', () =>
    createPrivateKey(pair.key),
  );
  if (!certificate.checkPrivateKey(key)) {
    throw new ConfigError(['TLS_KEY is not the key of the certificate in TLS_CERT']);
  }
  return { ...pair, validFrom: Date.parse(certificate.validFrom), validTo: Date.parse(certificate.validTo) };
}

function attempt<T>(problem: string, work: () => T): T {
  try {
    return work();
  } catch {
    throw new ConfigError([problem]);
  }
}
