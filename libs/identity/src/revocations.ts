/** What a revocation can concern. Without a token id or issue time the session and the user alone decide. */
export interface RevocationSubject {
  readonly user_id: string;
  readonly session_id: string;
  readonly token_id?: string;
  /** Ms since the epoch; unknown counts as before any revocation. */
  readonly issued_at?: number;
}

/** Which tokens were ended before their time (SYNC F1), from memory. */
export interface Revocations {
  isRevoked(subject: RevocationSubject): boolean;
  /** Calls back after a change of what `isRevoked` answers. Returns how to stop. */
  onRevoked(listener: () => void): () => void;
  /** Ms since the store's records were last seen whole; more than that may be missing. */
  staleMs(): number;
}
