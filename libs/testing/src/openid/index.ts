import type { TestProvider } from './test-provider';

export type { TestProvider, ProviderBehaviour } from './test-provider';
export { TestBrowser } from './test-browser';

/** Starts one; the library behind it is loaded only now. `redirectUris`: where it may send a browser back to. */
export async function startOpenIdProvider(redirectUris: readonly string[]): Promise<TestProvider> {
  // It warns of what would matter to an installation only.
  const { warn } = globalThis.console;
  globalThis.console.warn = () => undefined;
  try {
    const { createTestProvider } = await import('./test-provider');
    return await createTestProvider(redirectUris);
  } finally {
    globalThis.console.warn = warn;
  }
}
