/** An e-mail as it goes out. Everything in it is clean: one line where one line is meant, no markup of others. */
export interface MailMessage {
  /** Follows from what the mail is about: the same mail sent again has the same id, `<…@domain>`. */
  readonly messageId: string;
  /** One address, nothing else. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** BCP 47. */
  readonly language: string;
  /** RFC 3339; when it was asked for, so that a repetition is the same to the last byte. */
  readonly date: string;
}

/**
 * What came of one attempt. `accepted`: the mail is the next server's now. `later`: it is not, as far as is known, and may
 * be another time. `refused`: it is not, and will not be (SMTP 5xx about this mail or its recipient).
 */
export type MailOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'later'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

/** Hands mails on, one attempt each: whoever calls tries again. */
export interface Mailer {
  /**
   * Never rejects, and answers within its own deadline, however the other side behaves. `reason` names codes and what
   * the other side said in one short line; no secret is in it.
   */
  send(message: MailMessage): Promise<MailOutcome>;
  close(): Promise<void>;
}
