import type { TlsOptions } from 'node:tls';
import type { TlsPair } from './tls-pair';

/**
 * Suites of TLS 1.2 with forward secrecy and authenticated encryption alone (RFC 9325, 4.2; what Mozilla calls
 * intermediate, without the finite-field ones), and those of TLS 1.3; the strongest first.
 */
const SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
];

/** For a server, and again for each certificate that it gets later. */
export function tlsOptions({ cert, key }: TlsPair): TlsOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ciphers: SUITES.join(':'),
    honorCipherOrder: true,
  };
}
