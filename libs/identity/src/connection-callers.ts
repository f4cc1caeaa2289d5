import { bearerToken } from './authenticate';
import type { Identity } from './identity';
import type { TokenVerifier } from './token-verifier';

/**
 * Who a connection's last request spoke for, for requests that come with the same Authorization again: its token need not
 * be digested to be found. Nothing is kept longer than the connection, of which Node holds the head anyway; expiry and
 * revocation are looked at every time.
 */
export class ConnectionCallers {
  private readonly last = new WeakMap<
    object,
    { readonly authorization: string; readonly identity: Identity }
  >();

  constructor(private readonly verifier: TokenVerifier) {}

  /** Undefined: ask `identify`. Throws `auth.expired`, `auth.revoked`, `dependency.unavailable`. */
  recall(connection: object, authorization: string | undefined): Identity | undefined {
    const known = this.last.get(connection);
    if (!known || known.authorization !== authorization) return undefined;
    this.verifier.assertAlive(known.identity);
    return known.identity;
  }

  /** Throws `auth.…`, `clock.skew`, `dependency.unavailable`. */
  async identify(connection: object, authorization: string | undefined): Promise<Identity> {
    const identity = await this.verifier.verify(bearerToken(authorization));
    if (authorization !== undefined) this.last.set(connection, { authorization, identity });
    return identity;
  }
}
