import { type DynamicModule, Module } from '@nestjs/common';
import type { Committer } from '@state-server/commit';
import type { Environment } from '@state-server/domain';
import { ANALYTICS_DEPS, AnalyticsHttp } from '@state-server/features-analytics';
import { AUDIT_DEPS, AuditHttp } from '@state-server/features-audit';
import {
  BRANE_DEPS,
  BraneEditHttp,
  BraneHttp,
  HistoryHttp,
  MemberHttp,
  OperationHttp,
} from '@state-server/features-brane';
import {
  BraneCompanyHttp,
  COMPANY_DEPS,
  CompanyHttp,
  CompanyPeopleHttp,
  InvitationHttp,
} from '@state-server/features-company';
import { ENTITY_DEPS, EntityHttp } from '@state-server/features-entity';
import { guestGuard, GUESTS_DEPS, LinkHttp, ModerationHttp, PeopleHttp } from '@state-server/features-guest';
import { OBJECT_DEPS, ObjectHttp } from '@state-server/features-object';
import { PROTOTYPE_DEPS, PrototypeHttp, UpgradeHttp } from '@state-server/features-prototype';
import {
  AdminSessionHttp,
  AdminUserHttp,
  InventoryHttp,
  USER_DEPS,
  ServiceAccountHttp,
  UserHttp,
} from '@state-server/features-user';
import { WEBSOCKET_DEPS, WebSocketHttp } from '@state-server/features-websocket';
import { authGuard, type TokenVerifier } from '@state-server/identity';
import type { ReadCache, RevocationDoc, Store } from '@state-server/persistence-port';
import { rateGuard } from './limits/rate-guard';
import type { RateLimits } from './limits/rate-limits';

/** What the doors work with. */
export interface AppParts {
  readonly store: Store;
  readonly cache?: ReadCache | undefined;
  readonly committer: Committer;
  readonly verifier: TokenVerifier;
  readonly environment: Environment;
  readonly limits: RateLimits;
  /** Tells those who work operations off that there is a new one. */
  readonly poke?: () => void;
  /** How long a key of a service account may live at most, days. */
  readonly serviceKeyMaxDays?: number;
  /** Tells the other services at once that tokens are dead. */
  readonly announce?: (revocation: RevocationDoc) => void;
}

const DOORS = [
  BraneHttp,
  HistoryHttp,
  BraneEditHttp,
  MemberHttp,
  OperationHttp,
  CompanyHttp,
  CompanyPeopleHttp,
  InvitationHttp,
  BraneCompanyHttp,
  ObjectHttp,
  PrototypeHttp,
  UpgradeHttp,
  UserHttp,
  InventoryHttp,
  AdminUserHttp,
  AdminSessionHttp,
  EntityHttp,
  AnalyticsHttp,
  WebSocketHttp,
  AuditHttp,
  LinkHttp,
  ModerationHttp,
  PeopleHttp,
  ServiceAccountHttp,
];
const TOKENS = [
  BRANE_DEPS,
  COMPANY_DEPS,
  OBJECT_DEPS,
  PROTOTYPE_DEPS,
  USER_DEPS,
  ENTITY_DEPS,
  ANALYTICS_DEPS,
  WEBSOCKET_DEPS,
  AUDIT_DEPS,
  GUESTS_DEPS,
];

/** REST of every feature, behind the guard of tokens and the limits. */
@Module({})
export class AppModule {
  static with({ verifier, limits, ...deps }: AppParts): DynamicModule {
    return {
      module: AppModule,
      controllers: DOORS,
      providers: [
        authGuard(verifier),
        guestGuard(deps.store),
        rateGuard(limits),
        ...TOKENS.map((token) => ({ provide: token, useValue: deps })),
      ],
    };
  }
}
