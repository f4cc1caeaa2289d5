import { fail } from '@state-server/protocol';

/**
 * The address to return to, if it is on the list: the same scheme, host, port and path (RFC 9700, 4.1.3). Its query is the
 * client's own. A listed loopback address stands for every port, as programs on a desktop take one that is free (RFC 8252,
 * 7.3). Throws `oauth.return_refused`.
 */
export function allowedReturn(given: string, listed: readonly string[]): string {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const isPlain = url?.username === '' && url.password === '' && url.hash === '';
  if (!url || !isPlain || !listed.some((entry) => isSamePlace(url, new URL(entry)))) {
    throw fail('oauth.return_refused');
  }
  return url.href;
}

/** The same address with what became of the sign-in, in place of whatever it says of that itself. */
export function withOutcome(
  returnTo: string,
  outcome: { readonly code: string } | { readonly error: string },
): string {
  const url = new URL(returnTo);
  url.searchParams.delete('code');
  url.searchParams.delete('error');
  for (const [name, value] of Object.entries<string>(outcome)) url.searchParams.set(name, value);
  return url.href;
}

function isSamePlace(url: URL, entry: URL): boolean {
  const isLoopback = entry.protocol === 'http:' && ['127.0.0.1', '[::1]'].includes(entry.hostname);
  return (
    url.protocol === entry.protocol &&
    url.hostname === entry.hostname &&
    (isLoopback || url.port === entry.port) &&
    url.pathname === entry.pathname
  );
}
