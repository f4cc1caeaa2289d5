import type { Action } from '@state-server/domain';
import type * as z from 'zod/mini';
import type { ErrorCode } from '../errors/error-table';

export type Schema = z.core.$ZodType;

/**
 * What a route is limited as. `read` and `write`: as its method says. `search`: what looks through many things for a few.
 * `heavy`: what reads or starts a great deal at once. `upload`: what may carry a large body. `auth`: whoever nobody knows
 * yet, by address. `none`: what must be answered when everything else is refused, or is limited elsewhere.
 */
export type LimitClass = 'read' | 'write' | 'search' | 'heavy' | 'upload' | 'auth' | 'none';

interface RouteRow {
  /** Names the operation: `brane.create`. The key in ROUTES. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With parameters in braces: `/brane/{id}`. */
  readonly path: string;
  readonly area:
    | 'auth'
    | 'users'
    | 'brane'
    | 'company'
    | 'object'
    | 'prototype'
    | 'entity'
    | 'analytics'
    | 'admin'
    | 'websocket'
    | 'health'
    | 'internal';
  readonly summary: string;
  readonly params?: Schema;
  readonly query?: Schema;
  readonly request?: Schema;
  /** Without a schema there is no body. */
  readonly response: { readonly status: number; readonly schema?: Schema };
  /** Where it may become long work (SYNC S3): then it answers 202 with the operation, and Location says where that is seen. */
  readonly accepted?: Schema;
  /** The codes of this route, besides those that any route may answer (see errorsOf). */
  readonly errors: readonly ErrorCode[];
  /** Idempotency-Key: refused without, taken where it is sent, or ignored (SYNC I5). */
  readonly idempotency: 'required' | 'honoured' | 'none';
  /** `sent`: answers carry an ETag made of the version; `honoured`: If-Match is checked as well. */
  readonly etag?: 'sent' | 'honoured';
  /** Bytes of the largest body that is read; default BODY_BYTES. */
  readonly bodyBytes?: number;
  /** Where it is not what area and method say: see limitClassOf. */
  readonly limit?: LimitClass;
}

/** Which of a caller's buckets a request to this route takes from. */
export function limitClassOf({ limit, area, method }: Pick<Route, 'limit' | 'area' | 'method'>): LimitClass {
  if (limit !== undefined) return limit;
  if (area === 'auth') return 'auth';
  if (area === 'health' || area === 'internal') return 'none';
  return method === 'GET' ? 'read' : 'write';
}

/** Who is let in. */
type Entrance =
  /** `signature`: Standard Webhooks headers. */
  | { readonly auth: 'none' | 'signature'; readonly access?: undefined }
  /**
   * With an access token, by whoever may do this, or all of these (domain: RIGHTS), with what the path or body names; SCOPE_OF says which scope
   * a service key or a scoped token needs for it. docs/spec/authorisation.md has a row of what each role is answered.
   */
  | { readonly auth: 'bearer'; readonly access: Action | readonly [Action, ...Action[]] };

export type Route = RouteRow & Entrance;

/** What a route is to whoever asks for it with a token; none where it is open. */
export function actionsOf({ access }: Pick<Route, 'access'>): readonly Action[] {
  return access === undefined ? [] : typeof access === 'string' ? [access] : access;
}

export type RouteTable = Readonly<Record<string, Route>>;

/** Bytes of a request body where the route does not say otherwise. */
export const BODY_BYTES = 64 * 1024;
