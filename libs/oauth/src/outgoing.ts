/** How the outside is asked; the global fetch, except in tests. */
export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Bytes of an answer that are read at most: metadata of many keys is a tenth of it. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The provider did not answer, or said that it cannot now. */
export class ProviderAway extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProviderAway';
  }
}

/**
 * The calls of one sign-in to its provider: each ends within the deadline, its body included, follows no redirect, and is
 * read up to 1 MiB. Libraries wrap what they meet in errors of their own, so it is remembered here whether the provider
 * was away.
 */
export class Outgoing {
  /** Set by the first call that the provider did not answer. */
  away: ProviderAway | undefined;

  constructor(
    private readonly options: {
      readonly fetch: Fetch;
      /** Milliseconds for one call. */
      readonly deadlineMs: number;
    },
  ) {}

  readonly fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    try {
      return await this.call(url, init);
    } catch (error) {
      this.away ??=
        error instanceof ProviderAway
          ? error
          : new ProviderAway(`no answer from ${new URL(url).origin}`, { cause: error });
      throw this.away;
    }
  };

  private async call(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(this.options.deadlineMs);
    const response = await this.options.fetch(url, { ...init, signal, redirect: 'manual' });
    const { status } = response;
    if (status >= 500 || status === 429) {
      await response.body?.cancel();
      throw new ProviderAway(`${new URL(url).origin} answers ${status}`);
    }
    const text = await readText(response);
    const headers = { 'content-type': response.headers.get('content-type') ?? 'application/json' };
    return new Response(status === 204 || status === 304 ? null : text, { status, headers });
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | undefined = response.body ?? undefined;
  if (!body) return text;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) throw new ProviderAway('the answer is too long');
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
