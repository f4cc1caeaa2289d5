import { fail } from '@state-server/protocol';
import type { ProvenIdentity } from './strategy';

const GUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** The tenant of everybody's personal accounts. */
export const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad';

/** A tenant's id, in lower case; undefined when it is none. Names of domains are not ids: they can change hands. */
export function asTenantId(text: string): string | undefined {
  const id = text.toLowerCase();
  return GUID.test(id) ? id : undefined;
}

/** Whose accounts are admitted. */
export interface Tenants {
  /** `https://login.microsoftonline.com`, or that of a national cloud. */
  readonly authority: string;
  /** A tenant's id, or `common` (all), `organizations` (all but personal), `consumers` (personal alone). */
  readonly tenant: string;
  /** Of `common` and `organizations`, only these; empty: all. */
  readonly allowed: readonly string[];
}

/** Where the metadata is. */
export const metadataUrl = ({ authority, tenant }: Tenants): string =>
  `${authority}/${tenant}/v2.0/.well-known/openid-configuration`;

/** The issuer of a tenant's tokens. */
export const issuerOf = ({ authority }: Pick<Tenants, 'authority'>, tenantId: string): string =>
  `${authority}/${tenantId}/v2.0`;

/** True when the metadata names no issuer but a pattern of one, for there are many. */
export const hasManyIssuers = ({ tenant }: Pick<Tenants, 'tenant'>): boolean =>
  tenant === 'common' || tenant === 'organizations';

/** The one tenant that can issue, where there is one. */
export function onlyTenant({ tenant }: Pick<Tenants, 'tenant'>): string | undefined {
  return tenant === 'consumers' ? PERSONAL_TENANT : asTenantId(tenant);
}

/** The tenant named by a claim, in lower case. Throws `oauth.tenant_refused`, and Error for what is no tenant. */
export function admit(tenants: Tenants, claim: unknown): string {
  const id = typeof claim === 'string' ? asTenantId(claim) : undefined;
  if (id === undefined) throw new Error('the token names no tenant');
  const only = onlyTenant(tenants);
  const isAdmitted =
    only === undefined
      ? (tenants.tenant === 'common' || id !== PERSONAL_TENANT) &&
        (tenants.allowed.length === 0 || tenants.allowed.includes(id))
      : id === only;
  if (!isAdmitted) throw fail('oauth.tenant_refused');
  return id;
}

/** Whether an issuer can be one of those that are admitted. */
export function isAdmittedIssuer(tenants: Tenants, issuer: string): boolean {
  const [, id] = /\/([^/]+)\/v2\.0$/.exec(issuer) ?? [];
  if (id === undefined || issuer !== issuerOf(tenants, id)) return false;
  try {
    return admit(tenants, id) === id;
  } catch {
    return false;
  }
}

type Claims = Readonly<Record<string, unknown>>;

/**
 * Who a verified id token stands for. The subject is made of tenant and object id, which are the same for every
 * application, so it outlives a new registration and is the same whichever library verified the token. Whoever
 * administers a tenant can write any address into `email`: it counts only where Microsoft says (`xms_edov`) that the
 * tenant owns its domain.
 */
export function microsoftIdentity(tenants: Tenants, claims: Claims): ProvenIdentity {
  const tenant = admit(tenants, claims['tid']);
  if (claims['iss'] !== issuerOf(tenants, tenant)) throw new Error('the issuer is not that of the tenant');
  const { oid, name, email } = claims;
  if (typeof oid !== 'string' || !GUID.test(oid.toLowerCase()))
    throw new Error('the token names no object id');
  return {
    provider: 'microsoft',
    subject: `${tenant}.${oid.toLowerCase()}`,
    ...(typeof name === 'string' && { name }),
    ...(typeof email === 'string' && { email }),
    email_verified: [true, 1, '1', 'true'].includes(claims['xms_edov'] as never),
  };
}
