import type { Clock } from '@state-server/domain';
import { readSecretFile } from '../places/read-secret-file';
import { callVault, field, statusWords, VaultCallError, type VaultHttpOptions } from './vault-http';

/** How this service proves to Vault who it is. */
export type VaultAuth =
  | { readonly kind: 'token'; readonly token: string }
  /** A file that somebody else (Vault Agent) keeps fresh. */
  | { readonly kind: 'token_file'; readonly file: string }
  /** The pod's service account. */
  | { readonly kind: 'kubernetes'; readonly role: string; readonly mount: string; readonly jwtFile: string };

interface Lease {
  readonly token: string;
  /** Monotonic ms; Infinity: it does not end, or cannot be renewed. */
  readonly renewAt: number;
  readonly endsAt: number;
}

/** The token for our calls: got, renewed at half of its time, and got anew when it is refused. */
export class VaultToken {
  private lease: Lease | undefined;

  constructor(
    private readonly auth: VaultAuth,
    private readonly http: VaultHttpOptions,
    private readonly clock: Clock,
  ) {}

  /** Throws VaultCallError. */
  async get(): Promise<string> {
    if (this.auth.kind === 'token_file') return readToken(this.auth.file, 'VAULT_TOKEN_FILE');
    const now = this.clock.monotonic();
    if (this.lease && now >= this.lease.endsAt && this.auth.kind === 'kubernetes') this.lease = undefined;
    if (this.lease === undefined) this.lease = await this.obtain();
    else if (now >= this.lease.renewAt) this.lease = await this.renew(this.lease);
    return this.lease.token;
  }

  /** It was refused. Answers whether another one can be had. */
  refused(): boolean {
    this.lease = undefined;
    return this.auth.kind !== 'token';
  }

  private async obtain(): Promise<Lease> {
    const { auth } = this;
    if (auth.kind === 'kubernetes') return this.logIn(auth);
    const token = auth.kind === 'token' ? auth.token : '';
    // Whoever may not ask how long he has (it is in Vault's default policy) goes on without renewal.
    const { status, body } = await callVault(this.http, {
      method: 'GET',
      path: 'auth/token/lookup-self',
      token,
    });
    if (status >= 500) throw new VaultCallError(statusWords(status));
    const data = field(body, 'data');
    return status === 200
      ? this.leaseOf(token, seconds(field(data, 'ttl')), field(data, 'renewable') === true)
      : this.leaseOf(token, 0, false);
  }

  private async logIn(auth: VaultAuth & { readonly kind: 'kubernetes' }): Promise<Lease> {
    const jwt = await readToken(auth.jwtFile, 'VAULT_JWT_FILE');
    const { status, body } = await callVault(this.http, {
      method: 'POST',
      path: `auth/${auth.mount}/login`,
      body: { role: auth.role, jwt },
    });
    const lease = this.leaseIn(body);
    if (status !== 200 || !lease) {
      throw new VaultCallError(`it refuses the sign-in as VAULT_ROLE (${status})`);
    }
    return lease;
  }

  /** At worst the old one serves on, until it is refused. */
  private async renew(lease: Lease): Promise<Lease> {
    const call = { method: 'POST', path: 'auth/token/renew-self', token: lease.token, body: {} } as const;
    const answer = await callVault(this.http, call).catch(() => undefined);
    const renewed = answer?.status === 200 ? this.leaseIn(answer.body) : undefined;
    if (renewed) return renewed;
    if (this.auth.kind === 'kubernetes') {
      const anew = await this.logIn(this.auth).catch(() => undefined);
      if (anew) return anew;
    }
    // Not with every look: half of what is left.
    const now = this.clock.monotonic();
    return { ...lease, renewAt: now + Math.max(1_000, (lease.endsAt - now) / 2) };
  }

  private leaseIn(body: unknown): Lease | undefined {
    const auth = field(body, 'auth');
    const token = field(auth, 'client_token');
    if (typeof token !== 'string') return undefined;
    return this.leaseOf(token, seconds(field(auth, 'lease_duration')), field(auth, 'renewable') === true);
  }

  private leaseOf(token: string, ttlSeconds: number, renewable: boolean): Lease {
    const now = this.clock.monotonic();
    const endsAt = ttlSeconds > 0 ? now + ttlSeconds * 1_000 : Infinity;
    // One that cannot be renewed is got anew at the same time, where that is possible.
    const renews = renewable || this.auth.kind === 'kubernetes';
    return { token, endsAt, renewAt: renews && ttlSeconds > 0 ? now + ttlSeconds * 500 : Infinity };
  }
}

async function readToken(path: string, setting: string): Promise<string> {
  const text = await readSecretFile(path).catch(() => '');
  if (text === '') throw new VaultCallError(`${setting} names a file that cannot be read`);
  return text.trim();
}

const seconds = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : 0);
