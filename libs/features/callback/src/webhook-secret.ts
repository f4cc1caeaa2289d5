const PREFIX = 'whsec_';
/** Bytes of a secret, as the Standard Webhooks specification has it. */
const BYTES = { min: 24, max: 64 } as const;

/** The bytes of `whsec_` and base64; undefined for anything else, and for a secret that is short or a repetition. */
export function parseWebhookSecret(text: string): Uint8Array | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const base64 = text.slice(PREFIX.length);
  const bytes = Buffer.from(base64, 'base64');
  const canonical = bytes.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  const long = bytes.length >= BYTES.min && bytes.length <= BYTES.max;
  return canonical && long && new Set(bytes).size > 4 ? Uint8Array.from(bytes) : undefined;
}
