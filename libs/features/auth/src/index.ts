import type { Type } from '@nestjs/common';

export { AUTH_DEPS, type AuthDeps, type AuthHttpDeps } from './auth-deps';
export { AuthHttp } from './auth.http';
export { SessionHttp } from './session.http';
export { OAuthHttp } from './oauth/oauth.http';
export { OAUTH_DEPS, type OAuthHttpDeps } from './oauth/oauth-deps';
export { IdentityHttp } from './oauth/identity.http';
export { enterAsGuest, type EnterAsGuest, type GuestDeps } from './guest/enter-as-guest';
export { GUEST_DEPS, GuestHttp, type GuestHttpDeps } from './guest/guest.http';
export { getSession } from './get-session';
export { logOut } from './log-out';
export { refreshSession } from './refresh-session';
export { createSignInLimit, type SignInLimit, type SignInQuotas } from './sign-in-limit';

/**
 * The door of development. Not even its code is loaded before somebody calls this; a program that is built for production
 * does not hold it (OAUTH-15): the bundler knows then how this comparison ends.
 */
export async function loadDevSignIn(): Promise<Type | undefined> {
  if (process.env['STATE_BUILD'] !== 'production') {
    const { DevSignInHttp } = await import('./dev/dev-sign-in.http');
    return DevSignInHttp;
  }
  return undefined;
}
