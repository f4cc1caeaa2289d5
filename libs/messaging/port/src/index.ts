/**
 * Publish/subscribe between the services of one installation. At most once, unordered across publishers, and allowed to
 * lose, delay or double a message: it wakes up, it is never the truth (the log is).
 */
export interface Bus {
  /** Fire and forget: never throws, never waits for receivers. Dropped while disconnected. */
  publish(channel: string, payload: Uint8Array): void;
  /** Resolves once messages that are published from now on will reach the handler, or when the deadline is over (then the caller polls). */
  subscribe(channel: string, handler: (payload: Uint8Array) => void): Promise<Subscription>;
  /** False while the link is down; messages of that time are lost. */
  readonly connected: boolean;
  /** Calls back after every change of `connected`; after `true` all subscriptions are active again. Returns how to stop. */
  onConnection(listener: (connected: boolean) => void): () => void;
  close(): Promise<void>;
}

export interface Subscription {
  unsubscribe(): Promise<void>;
}

/** The channels, in one place. Payloads are CBOR. */
export const channels = {
  /** Encoded `brane.ops` frames of one brane, those of a commit in one message: `encodeBraneMessages` of libs/commit. */
  brane: (braneId: string) => `brane:${braneId}`,
  /** Presence of one brane between gateways. */
  presence: (braneId: string) => `presence:${braneId}`,
  /** Once a second: the heads that a writer advanced in the last 10 s (SYNC R5). */
  heads: 'heads',
  /** Where scopes stand after a commit, for the caches of other processes. */
  changes: 'changes',
  /** New revocation records. */
  revocations: 'revocations',
  /** An operation was started: whoever works them off looks at once. Empty. */
  operations: 'operations',
} as const;
