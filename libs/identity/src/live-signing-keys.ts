import type { Clock } from '@state-server/domain';
import { type CryptoKey, importPKCS8 } from 'jose';
import { type KeySet, signingKeyOf, stateOf } from './key-set';
import type { KeySource } from './key-source';
import { importPublicKey, type Jwks, type PublicKey, publicKeyOf, type SigningKeys } from './signing-keys';

interface HeldKey {
  readonly publicKey: PublicKey;
  readonly verifies: CryptoKey;
  readonly signs: CryptoKey;
  /** Ms since the epoch; `-Infinity`: it was there when the process began. */
  readonly seenAt: number;
}

/**
 * A key that came while this process ran is published for so long before it signs, ms, even when its time has come: the set may
 * have reached us late, and the other services look every minute.
 */
export const PUBLISHED_FIRST_MS = 120_000;

/**
 * The key set of the auth service while it runs: signs, publishes and verifies with what the set says at this moment, and takes
 * a new set without a restart.
 */
export class LiveSigningKeys implements SigningKeys, KeySource {
  private held: ReadonlyMap<string, HeldKey> = new Map();
  private set: KeySet = { keys: [] };

  private constructor(private readonly clock: Clock) {}

  /** Rejects when the set holds a key that cannot be used. */
  static async open(set: KeySet, clock: Clock): Promise<LiveSigningKeys> {
    const keys = new LiveSigningKeys(clock);
    await keys.hold(set, Number.NEGATIVE_INFINITY);
    return keys;
  }

  /** From now on this set. Rejects, and stays as it is, when it cannot be used. */
  async take(set: KeySet): Promise<void> {
    await this.hold(set, this.clock.now());
  }

  get kid(): string {
    return this.signing().publicKey.kid;
  }

  get privateKey(): CryptoKey {
    return this.signing().signs;
  }

  /** Every key that a token may be signed with, now or soon; the signing one first. */
  get jwks(): Jwks {
    const first = this.kid;
    const keys = this.living().map(({ publicKey }) => publicKey);
    return { keys: [...keys].sort((a, b) => Number(b.kid === first) - Number(a.kid === first)) };
  }

  async find(kid: string): Promise<CryptoKey | undefined> {
    return this.living().find(({ publicKey }) => publicKey.kid === kid)?.verifies;
  }

  state(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  private living(): HeldKey[] {
    const now = this.clock.now();
    return this.set.keys
      .filter((key) => stateOf(this.set, key, now) !== 'dead')
      .flatMap(({ kid }) => this.held.get(kid) ?? []);
  }

  private signing(): HeldKey {
    const now = this.clock.now();
    const known = this.set.keys.filter(
      ({ kid }) => (this.held.get(kid)?.seenAt ?? now) + PUBLISHED_FIRST_MS <= now,
    );
    // Where none has been published for long enough (the old ones have leaked, and are gone) there is no better one.
    const key = signingKeyOf({ keys: known }, now) ?? signingKeyOf(this.set, now) ?? this.set.keys[0];
    const held = key && this.held.get(key.kid);
    if (!held) throw new Error('there is no signing key');
    return held;
  }

  private async hold(set: KeySet, now: number): Promise<void> {
    const entries = set.keys.map(async ({ kid, private_key }) => {
      const before = this.held.get(kid);
      if (before) return [kid, before] as const;
      const publicKey = publicKeyOf(private_key);
      const verifies = await importPublicKey(publicKey);
      const signs = await importPKCS8(private_key, 'EdDSA');
      return [kid, { publicKey, verifies, signs, seenAt: now }] as const;
    });
    this.held = new Map(await Promise.all(entries));
    this.set = set;
  }
}
