import type { Environment, SessionId, UserId } from '@state-server/domain';
import { SignJWT } from 'jose';
import { ACCESS_TOKEN_MS, type Identity } from './identity';
import type { SigningKeys } from './signing-keys';

/** RFC 9068; whatever else somebody signed with our key is no access token. */
export const TOKEN_TYPE = 'at+jwt';
export const TOKEN_ALGORITHM = 'EdDSA';

export interface TokenIssuer {
  /** An access token for this session. */
  issue(subject: {
    readonly user_id: UserId;
    readonly session_id: SessionId;
    readonly name: string;
    /** Ms since the epoch: no token outlives its session. */
    readonly until?: number;
    /** See Identity. */
    readonly guest?: NonNullable<Identity['guest']>;
  }): Promise<{ readonly access_token: string; /** Seconds. */ readonly expires_in: number }>;
}

export interface TokenIssuerOptions {
  readonly keys: SigningKeys;
  readonly issuer: string;
  readonly audience: string;
  readonly environment: Pick<Environment, 'clock' | 'ids'>;
}

export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  const { keys, issuer, audience, environment } = options;
  return {
    issue: async ({ user_id, session_id, name, guest, until = Number.POSITIVE_INFINITY }) => {
      const now = environment.clock.now();
      const ends = Math.floor(Math.min(now + ACCESS_TOKEN_MS, until) / 1_000);
      const claims = guest
        ? { guest: guest.brane_id, guest_until: Math.floor(guest.expires_at / 1_000) }
        : {};
      const access_token = await new SignJWT({ sid: session_id, name, ...claims })
        .setProtectedHeader({ alg: TOKEN_ALGORITHM, typ: TOKEN_TYPE, kid: keys.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(user_id)
        .setJti(environment.ids.uuid())
        // To the millisecond (RFC 7519, 2): a token that comes right after all others were ended is none of them.
        .setIssuedAt(now / 1_000)
        .setExpirationTime(ends)
        .sign(keys.privateKey);
      return { access_token, expires_in: Math.max(0, ends - Math.floor(now / 1_000)) };
    },
  };
}
