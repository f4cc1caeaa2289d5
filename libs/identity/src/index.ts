export { createTokenIssuer, type TokenIssuer } from './access-token';
export { AuthGuard, authGuard, callerOf, OpenDoor } from './auth-guard';
export { bearerToken, createAuthenticate, type Credentials } from './authenticate';
export { ACCESS_TOKEN_MS, type Identity, TICKET_MS } from './identity';
export { ConnectionCallers } from './connection-callers';
export {
  addressDigest,
  becomeAccount,
  dropGuest,
  guestClaims,
  guestEnd,
  identityOf,
  linkIdOf,
  putGuest,
  stateOfLink,
} from './guests';
export { type KeySource, staticKeys } from './key-source';
export {
  formatKeySet,
  type KeyRecord,
  type KeySet,
  keySetWeakness,
  type KeyState,
  newPrivateKey,
  parseKeySet,
  rotateKeySet,
  type RotateOptions,
  type RotateOutcome,
  signingKeyOf,
  stateOf,
} from './key-set';
export { LiveSigningKeys, PUBLISHED_FIRST_MS } from './live-signing-keys';
export { assertPermitted } from './permitted';
export { type RemoteKeys, remoteKeys, type RemoteKeysOptions } from './remote-keys';
export { importOutsideKeys } from './outside-keys';
export { looksPublic, outsideIssuer, sharedSecretIssuer } from './other-issuers';
export { type OutsideIssuer, parseOutsideIssuers } from './outside-issuer-settings';
export { announceRevocation } from './revocation-messages';
export { createRevocationWatch, type RevocationWatch, type RevocationWatchOptions } from './revocation-watch';
export type { Revocations, RevocationSubject } from './revocations';
export { newSecret, secretHash } from './secret';
export { isServiceKey, newServiceKey, type NewServiceKey, serviceKeyId } from './service-key';
export { createServiceKeys, keyRevocation, type ServiceKeys, type ServiceKeysOptions } from './service-keys';
export { assertNotSuspended, isSuspended } from './suspension';
export { deviceName } from './device-name';
export {
  endSessions,
  type EndSessions,
  endSessionOf,
  type EndSessionOf,
  type EndSessionsDeps,
} from './end-sessions';
export { type ListSessions, listSessions, sessionPage, toSessionResource } from './list-sessions';
export { rotateRefreshToken, type Rotation, type UseRefreshToken } from './refresh-token';
export { DEFAULT_LIFETIMES, sessionEnd, type SessionLifetimes } from './session-lifetimes';
export { endSession, endSessionsOf, openSession, type OpenSession, revokeToken } from './sessions';
export {
  ASYMMETRIC_ALGORITHMS,
  type AsymmetricAlgorithm,
  type TokenAlgorithm,
  type TrustedIssuer,
} from './trusted-issuer';
export { type Jwks, loadSigningKeys, type PublicKey, type SigningKeys } from './signing-keys';
export { createTestTokens, newPrivateKeyPem, NO_REVOCATIONS, type TestTokens } from './test-tokens';
export { issueTicket, redeemTicket, type TicketDeps, type TicketRequest } from './tickets';
export { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from './token-verifier';
