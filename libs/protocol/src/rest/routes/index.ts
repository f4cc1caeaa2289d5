import type * as z from 'zod/mini';
import { adminRoutes } from './admin';
import { analyticsRoutes } from './analytics';
import { auditRoutes } from './audit';
import { authRoutes } from './auth';
import { braneRoutes } from './brane';
import { braneEditRoutes } from './brane-edits';
import { companyRoutes } from './company';
import { companyPeopleRoutes } from './company-people';
import { entityRoutes } from './entity';
import { identityRoutes } from './identities';
import { guestRoutes } from './guests';
import { memberRoutes } from './members';
import { operationRoutes } from './operations';
import { objectRoutes } from './object';
import { objectPartRoutes } from './object-parts';
import { otherRoutes } from './other';
import { prototypeRoutes } from './prototype';
import { serviceAccountRoutes } from './service-accounts';
import { userRoutes } from './users';

/** Every route, by its id: the doors validate with it, the documents are made of it, the SDK is typed by it. */
export const ROUTES = {
  ...authRoutes,
  ...identityRoutes,
  ...userRoutes,
  ...braneRoutes,
  ...braneEditRoutes,
  ...memberRoutes,
  ...operationRoutes,
  ...companyRoutes,
  ...companyPeopleRoutes,
  ...objectRoutes,
  ...objectPartRoutes,
  ...entityRoutes,
  ...prototypeRoutes,
  ...otherRoutes,
  ...analyticsRoutes,
  ...adminRoutes,
  ...auditRoutes,
  ...guestRoutes,
  ...serviceAccountRoutes,
} as const;

export type RouteId = keyof typeof ROUTES;

type Part<Id extends RouteId, Key extends string> = (typeof ROUTES)[Id] extends {
  readonly [K in Key]: infer S extends z.core.$ZodType;
}
  ? z.output<S>
  : undefined;

export type ParamsOf<Id extends RouteId> = Part<Id, 'params'>;
export type QueryOf<Id extends RouteId> = Part<Id, 'query'>;
export type RequestOf<Id extends RouteId> = Part<Id, 'request'>;
export type ResponseOf<Id extends RouteId> = (typeof ROUTES)[Id]['response'] extends {
  readonly schema: infer S extends z.core.$ZodType;
}
  ? z.output<S>
  : undefined;
