import type { Passport, Strategy } from 'passport';

/** The part of an Express request that these strategies read and write. */
export interface PassportRequest {
  readonly query: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, never>>;
  readonly headers: Readonly<Record<string, never>>;
  /** Passed to the strategy's own store of state, and back. */
  readonly session: Record<string, unknown>;
}

export type PassportOutcome =
  | { readonly kind: 'redirected'; readonly url: string }
  | { readonly kind: 'verified'; readonly user: unknown };

/** A request as a strategy wants it; without parameters it begins a sign-in, with them it completes one. */
export function passportRequest(
  session: Record<string, unknown>,
  parameters: URLSearchParams = new URLSearchParams(),
): PassportRequest {
  return { query: Object.fromEntries(parameters), body: {}, headers: {}, session };
}

/**
 * Runs a strategy of Passport without Express: what it would write to a response is the outcome. Rejects where it fails;
 * such errors say what the library says, and no secret.
 */
export function runPassport(
  passport: InstanceType<typeof Passport>,
  strategy: Strategy,
  request: PassportRequest,
  options: Readonly<Record<string, unknown>>,
): Promise<PassportOutcome> {
  return new Promise((resolve, reject) => {
    let location = '';
    const response = {
      statusCode: 200,
      setHeader: (name: string, value: string) => {
        if (name.toLowerCase() === 'location') location = value;
      },
      end: () => resolve({ kind: 'redirected', url: location }),
    };
    const done = (error: unknown, user?: unknown, info?: unknown): void => {
      if (error) reject(asError(error));
      else if (user) resolve({ kind: 'verified', user });
      else reject(new Error(`refused: ${messageOf(info)}`));
    };
    const next = (error?: unknown): void => reject(asError(error ?? 'passed over'));
    const run = passport.authenticate(strategy, { ...options, session: false }, done) as (
      request: unknown,
      response: unknown,
      next: (error?: unknown) => void,
    ) => void;
    run(request, response, next);
  });
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(messageOf(error)));

function messageOf(info: unknown): string {
  if (typeof info === 'string') return info;
  if (typeof info === 'object' && info !== null && 'message' in info) return String(info.message);
  return 'it does not say why';
}
