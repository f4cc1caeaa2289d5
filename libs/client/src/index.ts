export { Client, type ClientEvents, type ClientOptions, createClient } from './client';
export type { ConnectionStatus, WebSocketConstructor, WebSocketLike } from './connection';
export type { HttpAnswer, HttpRequest } from './http';
export {
  type EditHandle,
  LiveBrane,
  type LiveBraneEvents,
  type LiveBraneStats,
  type SaveState,
} from './live-brane';
export type { Overwrite } from './overwrites';
export type { LogPosition } from './pending-edits';
export type { PresenceEntry } from './presence';
export type { BraneSnapshot, Committed, Member, Page, Profile, RestApi } from './rest-api';
export { ancestors, childrenOf, select, walk } from './selectors';
export type { TokenSet, TokenUser } from './tokens';
export { StateError, type WireFormat } from '@state-server/protocol';
export { compose, IDENTITY } from '@state-server/domain';
export type * from '@state-server/domain';
