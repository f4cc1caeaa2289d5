import type { RevocationDoc } from '@state-server/persistence-port';
import type { RevocationSubject } from './revocations';

/** Live revocations of one process, by what they concern; values are the ms at which they may be forgotten. */
export class RevocationSet {
  private readonly sessions = new Map<string, number>();
  private readonly tokens = new Map<string, number>();
  private readonly users = new Map<string, { readonly notBefore: number; readonly until: number }>();

  /** False when it was known. */
  add(doc: RevocationDoc): boolean {
    const until = Date.parse(doc.expires_at);
    if (doc.kind === 'user') return this.addUser(doc, until);
    const known = doc.kind === 'session' ? this.sessions : this.tokens;
    const before = known.get(doc.value);
    known.set(doc.value, Math.max(until, before ?? until));
    return before === undefined;
  }

  has({ session_id, token_id, user_id, issued_at = Number.NEGATIVE_INFINITY }: RevocationSubject): boolean {
    if (this.sessions.has(session_id)) return true;
    if (token_id !== undefined && this.tokens.has(token_id)) return true;
    const user = this.users.get(user_id);
    return user !== undefined && issued_at < user.notBefore;
  }

  get size(): number {
    return this.sessions.size + this.tokens.size + this.users.size;
  }

  /** Forgets what no living token can be concerned by any more. */
  prune(now: number): void {
    for (const known of [this.sessions, this.tokens]) {
      for (const [value, until] of known) if (until < now) known.delete(value);
    }
    for (const [user, { until }] of this.users) if (until < now) this.users.delete(user);
  }

  private addUser(doc: RevocationDoc, until: number): boolean {
    const notBefore = Date.parse(doc.not_before ?? doc.at);
    const before = this.users.get(doc.value);
    if (before && before.notBefore >= notBefore) return false;
    this.users.set(doc.value, { notBefore, until: Math.max(until, before?.until ?? until) });
    return true;
  }
}
