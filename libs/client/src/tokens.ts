import type { Clock } from '@state-server/domain';
import { sdkError } from './errors';

export interface TokenUser {
  readonly id: string;
  readonly name: string;
}

/** What /auth answers; `expires_in` in seconds. */
export interface TokenSet {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
  readonly user: TokenUser;
}

/** An access token is renewed when less than this is left of it, ms. */
const RENEW_BEFORE_MS = 60_000;

/** Holds the tokens of one signed-in user and renews them, once however many ask. */
export class Tokens {
  private current: { readonly set: TokenSet; readonly renewAt: number } | undefined;
  private renewing: Promise<TokenSet> | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly renew: (refreshToken: string) => Promise<TokenSet>,
    private readonly onChange: (set: TokenSet | undefined) => void,
  ) {}

  get user(): TokenUser | undefined {
    return this.current?.set.user;
  }

  get refreshToken(): string | undefined {
    return this.current?.set.refresh_token;
  }

  set(set: TokenSet | undefined): void {
    this.current = set && {
      set,
      renewAt: this.clock.monotonic() + Math.max(0, set.expires_in * 1_000 - RENEW_BEFORE_MS),
    };
    this.onChange(set);
  }

  /** Milliseconds until the access token should be renewed. */
  renewInMs(): number {
    return this.current
      ? Math.max(0, this.current.renewAt - this.clock.monotonic())
      : Number.POSITIVE_INFINITY;
  }

  /** A token that is good for a while; `auth.required` when nobody is signed in. */
  async access(options: { readonly force?: boolean } = {}): Promise<string> {
    if (!this.current) throw sdkError('auth.required');
    if (!options.force && this.renewInMs() > 0) return this.current.set.access_token;
    const before = this.current;
    this.renewing ??= this.renew(before.set.refresh_token).finally(() => {
      this.renewing = undefined;
    });
    const set = await this.renewing;
    if (this.current === before) this.set(set);
    return set.access_token;
  }
}
