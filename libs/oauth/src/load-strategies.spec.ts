import { createFakeEnvironment } from '@state-server/testing';
import type { Library } from './capabilities';
import type * as Loading from './load-strategies';

const NAMES: readonly Library[] = ['openid-client', 'passport-google-oauth20', 'passport-azure-ad'];
const registration = { clientId: 'x', clientSecret: () => 'x' };
const tenants = { authority: 'https://login.test', tenant: 'common', allowed: [] };

describe('the libraries of the strategies (OAUTH-1)', () => {
  it.each([
    ['none', {}, []],
    [
      'Google’s',
      { google: { ...registration, library: 'passport-google-oauth20' } },
      ['passport-google-oauth20'],
    ],
    [
      'Microsoft’s',
      { microsoft: { ...registration, library: 'passport-azure-ad', tenants } },
      ['passport-azure-ad'],
    ],
    [
      'one for both',
      {
        google: { ...registration, library: 'openid-client' },
        microsoft: { ...registration, library: 'openid-client', tenants },
      },
      ['openid-client'],
    ],
  ] as const)('are loaded where they are set: %s', async (_what, settings, expected) => {
    const loaded: string[] = [];
    await jest.isolateModulesAsync(async () => {
      for (const name of NAMES) {
        jest.doMock(name, () => {
          loaded.push(name);
          return {};
        });
      }
      const { loadStrategies } = jest.requireActual<typeof Loading>('./load-strategies');
      const { clock } = createFakeEnvironment();
      await loadStrategies({ ...settings, deadlineMs: 1 }, { clock });
    });
    expect(loaded).toEqual(expected);
  });
});
