import { isScope, type Scope } from '@state-server/domain';
import { decodeJson } from '@state-server/protocol';
import * as z from 'zod/mini';
import { ASYMMETRIC_ALGORITHMS, type AsymmetricAlgorithm } from './trusted-issuer';

/** Where in its tokens an outside issuer says what. A name of a claim, or, with a slash at its beginning, a JSON Pointer. */
export interface ClaimMap {
  readonly user_id: string;
  readonly name: string;
  readonly session: string;
  /** Absent: its tokens say nothing of roles, and what is set here stays. */
  readonly roles?: string;
  /** Absent: its tokens may do whatever their user may. */
  readonly scopes?: string;
}

/** An identity service of somebody else's whose access tokens are good here. */
export interface OutsideIssuer {
  readonly issuer: string;
  readonly jwks_url: string;
  readonly audience: string;
  readonly algorithms: readonly AsymmetricAlgorithm[];
  /** The `typ` that its tokens may have, in lower case; `none` stands for no `typ`. */
  readonly types: readonly string[];
  readonly claims: ClaimMap;
  /** Which of its roles make an administrator. */
  readonly admin_roles: readonly string[];
  /** What each of its scopes stands for here; one that is not in it stands for itself, if we have it. */
  readonly scopes: Readonly<Record<string, readonly Scope[]>>;
  /** By how much its clock may differ from ours. */
  readonly clock_tolerance_seconds: number;
}

const MAX_ISSUERS = 20;
const text = (most: number): z.ZodMiniString => z.string().check(z.minLength(1), z.maxLength(most));
const claim = text(200);
const names = z.array(text(100)).check(z.maxLength(50));

const schema = z
  .array(
    z.strictObject({
      issuer: text(300),
      jwks_url: text(1_000),
      audience: text(300),
      algorithms: z.array(z.enum(ASYMMETRIC_ALGORITHMS)).check(z.minLength(1)),
      types: z._default(z.array(text(50)).check(z.minLength(1)), ['at+jwt', 'jwt', 'none']),
      claims: z._default(
        z.strictObject({
          user_id: z._default(claim, 'sub'),
          name: z._default(claim, 'name'),
          session: z._default(claim, 'sid'),
          roles: z.exactOptional(claim),
          scopes: z.exactOptional(claim),
        }),
        { user_id: 'sub', name: 'name', session: 'sid' },
      ),
      admin_roles: z._default(names, []),
      scopes: z._default(
        z.record(text(100), z.array(z.string().check(z.refine(isScope, { error: 'must be a scope' })))),
        {},
      ),
      clock_tolerance_seconds: z._default(z.int().check(z.gte(0), z.lte(300)), 60),
    }),
  )
  .check(z.maxLength(MAX_ISSUERS));

/**
 * Reads the list of outside issuers (JSON). Throws an Error that says what is wrong with it: an issuer or a JWKS that is not
 * https (plain http only where `allowHttp`), our own name, or one name twice.
 */
export function parseOutsideIssuers(
  json: string,
  options: { readonly ownIssuer: string; readonly allowHttp: boolean },
): readonly OutsideIssuer[] {
  const parsed = z.safeParse(schema, decodeJson(json));
  if (!parsed.success) throw new Error(problemOf(parsed.error));
  const issuers = parsed.data as readonly OutsideIssuer[];
  const schemes = options.allowHttp ? ['https:', 'http:'] : ['https:'];
  const seen = new Set([options.ownIssuer]);
  issuers.forEach(({ issuer, jwks_url, claims, admin_roles }, index) => {
    if (seen.has(issuer)) throw new Error(`/${index}/issuer is named twice, or is our own`);
    seen.add(issuer);
    const isFetchable = URL.canParse(jwks_url) && schemes.includes(new URL(jwks_url).protocol);
    if (!isFetchable) throw new Error(`/${index}/jwks_url must be a URL (${schemes.join(' ')})`);
    if (admin_roles.length > 0 && claims.roles === undefined) {
      throw new Error(`/${index}/admin_roles needs /${index}/claims/roles`);
    }
  });
  return issuers;
}

function problemOf({ issues: [first] }: z.core.$ZodError): string {
  return first === undefined ? 'it is not valid' : `/${first.path.join('/')}: ${first.message}`;
}
