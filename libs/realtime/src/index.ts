export { createGateway } from './gateway';
export { DEFAULT_LIMITS, type RealtimeLimits } from './limits';
export { storeLogSource } from './log-source';
export type {
  Authenticate,
  Connection,
  Credentials,
  Gateway,
  GatewayDeps,
  GatewayStats,
  Identity,
  Log,
  LogSource,
  Peer,
  RealtimeMetrics,
  Revocations,
  Socket,
} from './ports';
