import { newSecret, secretHash } from '@state-server/identity';
import { FLOW_MS } from './oauth-deps';

const SECRET = /^[\w-]{43}$/;

/** Over TLS no other host and no page without TLS can set it (`__Host-`); plain HTTP is for development. */
export const cookieName = (publicUrl: string): string =>
  publicUrl.startsWith('https:') ? '__Host-sign-in' : 'sign-in';

/** The browser's secret in a Cookie header; undefined when there is none, or more than one. */
export function readCookie(header: string | undefined, publicUrl: string): string | undefined {
  const name = cookieName(publicUrl);
  const found = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith(`${name}=`))
    .map((part) => part.slice(name.length + 1));
  const [secret] = found;
  return found.length === 1 && secret !== undefined && SECRET.test(secret) ? secret : undefined;
}

/**
 * Binds a sign-in to the browser that begins it: nobody can have another browser finish it (RFC 9700, 4.7). A browser that
 * has a secret keeps it, so that two tabs can sign in at the same time.
 */
export function bindBrowser(
  header: string | undefined,
  publicUrl: string,
): { readonly hash: string; readonly setCookie: string } {
  const secret = readCookie(header, publicUrl) ?? newSecret();
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  // Lax: the provider sends the browser back from another site.
  const setCookie = `${cookieName(publicUrl)}=${secret}; Path=/; Max-Age=${FLOW_MS / 1_000}; HttpOnly; SameSite=Lax${secure}`;
  return { hash: secretHash(secret), setCookie };
}
