import type { TokenSet } from '@state-server/client';
import { asUserId, type UserId } from '@state-server/domain';
import { fail } from '@state-server/protocol';
import type { Authenticate, Identity, Revocations } from '@state-server/realtime';
import type { Dice } from '../kernel/dice';
import type { SimProcess } from '../kernel/sim-process';
import type { Weather } from './weather';

/** A node hears of a revocation within this time, ms (SYNC F2). */
const HEARD_WITHIN_MS = 2_000;

interface Parts {
  readonly userId: UserId;
  readonly session: string;
  readonly expiresAt: number;
}

/** The auth service as far as the engine knows it: tokens, their end, and sign-ins that were ended before. */
export class SignIns {
  /** Ended sign-ins, and from which moment on nobody may be let in by them. */
  private readonly ended = new Set<string>();
  private readonly nodes = new Set<(session: string) => void>();

  constructor(
    private readonly dice: Dice,
    private readonly weather: Weather,
    /** Seconds that an access token is good for. */
    private readonly tokenSeconds: number,
  ) {}

  signIn(userId: UserId, process: SimProcess): TokenSet {
    return this.tokens(userId, this.dice.uuid(), process);
  }

  renew(refreshToken: string, process: SimProcess): TokenSet {
    const { userId, session } = parse(refreshToken);
    if (this.ended.has(session)) throw fail('auth.refresh_invalid');
    return this.tokens(userId, session, process);
  }

  /** Who it is, for a REST door. */
  identify(token: string, process: SimProcess): UserId {
    const { userId, session, expiresAt } = parse(token);
    if (this.ended.has(session)) throw fail('auth.revoked');
    if (process.environment.clock.now() > expiresAt) throw fail('auth.expired');
    return userId;
  }

  revoke(refreshToken: string): void {
    const { session } = parse(refreshToken);
    this.ended.add(session);
    for (const tell of this.nodes) tell(session);
  }

  authenticateFor(process: SimProcess): Authenticate {
    return (credentials) => {
      const token = 'token' in credentials ? credentials.token : credentials.ticket;
      return process.answer(this.dice.between(0.1, 5), 'auth.verify', (): Identity => {
        if (this.weather.authAway) throw fail('dependency.unavailable');
        const { userId, session, expiresAt } = parse(token);
        if (process.environment.clock.now() > expiresAt) throw fail('auth.expired');
        return { user_id: userId, session_id: session, name: userId, expires_at: expiresAt };
      });
    };
  }

  /** What one node knows of ended sign-ins. */
  revocationsFor(process: SimProcess): Revocations {
    const known = new Set(this.ended);
    const listeners = new Set<() => void>();
    const tell = (session: string): void => {
      process.after(this.dice.between(1, HEARD_WITHIN_MS), 'auth.revoked', () => {
        known.add(session);
        for (const listener of listeners) listener();
      });
    };
    this.nodes.add(tell);
    process.onDeath(() => this.nodes.delete(tell));
    return {
      isRevoked: ({ session_id }) => known.has(session_id),
      onRevoked: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
  }

  private tokens(userId: UserId, session: string, process: SimProcess): TokenSet {
    const expiresAt = process.environment.clock.now() + this.tokenSeconds * 1_000;
    return {
      access_token: `${userId}|${session}|${expiresAt}`,
      refresh_token: `${userId}|${session}|0`,
      expires_in: this.tokenSeconds,
      user: { id: userId, name: userId },
    };
  }
}

function parse(token: string): Parts {
  const [userId = '', session = '', expiresAt = ''] = token.split('|');
  return { userId: asUserId(userId), session, expiresAt: Number(expiresAt) };
}
