/** RFC 3339 UTC with milliseconds, so that text order is time order. */
type Time = string;

/** An e-mail that a transaction asked for; kept for a while after its end, so that the same is not sent again. */
export interface MailDoc {
  /** What the mail is about, once: the same key is the same mail. */
  readonly key: string;
  readonly template: string;
  readonly to: string;
  /** BCP 47, of who reads it. */
  readonly locale?: string;
  /** What the template says; gone as soon as the mail has ended, for links in it may open something. */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly state: 'waiting' | 'sent' | 'dead';
  readonly attempts: number;
  /** When it is tried next; while somebody sends it, when others may. Absent once it has ended. */
  readonly due_at?: Time;
  /** Who sends it. */
  readonly sender?: string;
  /** Why the last attempt failed, or why there is no other. */
  readonly reason?: string;
  readonly ended_at?: Time;
  readonly created_at: Time;
  readonly expires_at: Time;
}
