import type { Clock } from '@state-server/domain';
import type { Outgoing } from './outgoing';

export type Metadata = Readonly<Record<string, unknown>>;

/** Milliseconds for which the document serves; an older one serves while the provider is away. */
const FRESH_MS = 60 * 60 * 1_000;
const ENDPOINTS = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;

/** The provider's own description (OpenID Connect Discovery), held against what it has to say. */
export class MetadataCache {
  private last: { readonly at: number; readonly document: Metadata } | undefined;

  constructor(
    private readonly options: {
      readonly url: string;
      /** The issuer that it has to name. */
      readonly issuer: string;
      readonly clock: Pick<Clock, 'monotonic'>;
    },
  ) {}

  async get(calls: Outgoing): Promise<Metadata> {
    const now = this.options.clock.monotonic();
    if (this.last && now - this.last.at < FRESH_MS) return this.last.document;
    try {
      const document = await this.load(calls);
      this.last = { at: now, document };
      return document;
    } catch (error) {
      if (!this.last) throw error;
      calls.away = undefined;
      return this.last.document;
    }
  }

  private async load(calls: Outgoing): Promise<Metadata> {
    const { url, issuer } = this.options;
    const response = await calls.fetch(url, { headers: { accept: 'application/json' } });
    if (response.status !== 200) throw new Error(`the metadata is answered with ${response.status}`);
    const document: unknown = await response.json();
    if (typeof document !== 'object' || document === null) throw new Error('the metadata is no object');
    const fields = document as Metadata;
    if (fields['issuer'] !== issuer) throw new Error(`the metadata is not that of ${issuer}`);
    for (const name of ENDPOINTS) {
      if (!String(fields[name]).startsWith('https://')) throw new Error(`the metadata has no ${name}`);
    }
    return fields;
  }
}
