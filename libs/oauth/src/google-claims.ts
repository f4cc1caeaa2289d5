import type { ProvenIdentity } from './strategy';

/** Where Google answers. */
export interface GoogleEndpoints {
  readonly issuer: string;
  readonly authorization: string;
  readonly token: string;
  readonly userinfo: string;
}

export const GOOGLE: GoogleEndpoints = {
  issuer: 'https://accounts.google.com',
  authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
  userinfo: 'https://openidconnect.googleapis.com/v1/userinfo',
};

export const GOOGLE_SCOPE = 'openid email profile';

/** Who an id token, or an answer of userinfo, stands for. */
export function googleIdentity(claims: Readonly<Record<string, unknown>>): ProvenIdentity {
  const { sub, name, email } = claims;
  if (typeof sub !== 'string' || sub === '' || sub.length > 255)
    throw new Error('the answer names no subject');
  return {
    provider: 'google',
    subject: sub,
    ...(typeof name === 'string' && { name }),
    ...(typeof email === 'string' && { email }),
    email_verified: claims['email_verified'] === true,
  };
}
