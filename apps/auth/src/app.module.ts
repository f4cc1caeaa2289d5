import { type DynamicModule, Module, type Type } from '@nestjs/common';
import {
  AUTH_DEPS,
  AuthHttp,
  type AuthHttpDeps,
  IdentityHttp,
  OAUTH_DEPS,
  OAuthHttp,
  type OAuthHttpDeps,
  GUEST_DEPS,
  GuestHttp,
  type GuestHttpDeps,
  SessionHttp,
} from '@state-server/features-auth';
import { authGuard, type TokenVerifier } from '@state-server/identity';

export interface AppParts {
  readonly deps: Omit<AuthHttpDeps & GuestHttpDeps & OAuthHttpDeps, 'verifier'>;
  readonly verifier: TokenVerifier;
  /** Ways to sign in. */
  readonly signIns: readonly Type[];
}

/** The doors of auth, behind the guard. */
@Module({})
export class AppModule {
  static with({ deps, verifier, signIns }: AppParts): DynamicModule {
    return {
      module: AppModule,
      controllers: [AuthHttp, SessionHttp, OAuthHttp, IdentityHttp, GuestHttp, ...signIns],
      providers: [
        authGuard(verifier),
        { provide: AUTH_DEPS, useValue: { ...deps, verifier } satisfies AuthHttpDeps },
        { provide: OAUTH_DEPS, useValue: { ...deps, verifier } satisfies OAuthHttpDeps },
        { provide: GUEST_DEPS, useValue: deps satisfies GuestHttpDeps },
      ],
    };
  }
}
