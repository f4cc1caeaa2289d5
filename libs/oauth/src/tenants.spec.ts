import type { TestProvider } from '@state-server/testing';
import { PERSONAL_TENANT } from './microsoft-tenants';
import { coded, OTHER_TENANT, signIn, startProvider, strategyOf, TENANT } from './strategies.spec-support';

let provider: TestProvider;
beforeAll(async () => {
  provider = await startProvider();
});
afterEach(() => provider.reset());
afterAll(() => provider.close());

const refused = coded('oauth.tenant_refused');

describe.each(['openid-client', 'passport-azure-ad'] as const)(
  'tenants of Microsoft through %s (OAUTH-13)',
  (library) => {
    const come = async (tenants: { tenant: string; allowed?: string[] }, tid: string) => {
      provider.behaviour.account = { ...provider.behaviour.account, tid };
      const strategy = await strategyOf(provider, ['microsoft', library], { tenants });
      return (await signIn(provider, strategy)).subject.split('.')[0];
    };

    // Where the library knows the issuers, it only says that the token has none of them.
    const ofAnother = coded(library === 'openid-client' ? 'oauth.tenant_refused' : 'oauth.answer_invalid');

    it('one', async () => {
      expect(await come({ tenant: TENANT }, TENANT)).toBe(TENANT);
      await expect(come({ tenant: TENANT }, OTHER_TENANT)).rejects.toMatchObject({
        code: expect.stringMatching(/^oauth\.(tenant_refused|answer_invalid)$/) as string,
      });
    });

    it('all', async () => {
      for (const tid of [TENANT, OTHER_TENANT, PERSONAL_TENANT]) {
        expect(await come({ tenant: 'common' }, tid)).toBe(tid);
      }
    });

    it('of work and school', async () => {
      expect(await come({ tenant: 'organizations' }, OTHER_TENANT)).toBe(OTHER_TENANT);
      await expect(come({ tenant: 'organizations' }, PERSONAL_TENANT)).rejects.toEqual(refused);
    });

    it('personal', async () => {
      expect(await come({ tenant: 'consumers' }, PERSONAL_TENANT)).toBe(PERSONAL_TENANT);
    });

    it.each(['common', 'organizations'])('some of %s', async (tenant) => {
      const allowed = [TENANT, '44444444-4444-4444-8444-444444444444'];
      expect(await come({ tenant, allowed }, TENANT)).toBe(TENANT);
      await expect(come({ tenant, allowed }, OTHER_TENANT)).rejects.toEqual(ofAnother);
    });

    it('whose issuer is another one’s, or that are none', async () => {
      const invalid = coded('oauth.answer_invalid');
      provider.behaviour.claims = (claims) => ({ ...claims, iss: `${provider.origin}/${OTHER_TENANT}/v2.0` });
      await expect(come({ tenant: 'common' }, TENANT)).rejects.toEqual(invalid);
      provider.behaviour.claims = (claims) => ({ ...claims, tid: '../../evil' });
      await expect(come({ tenant: 'common' }, TENANT)).rejects.toEqual(invalid);
      provider.behaviour.claims = ({ tid: _, ...claims }) => claims;
      await expect(come({ tenant: 'common' }, TENANT)).rejects.toEqual(invalid);
      provider.behaviour.claims = ({ oid: _, ...claims }) => claims;
      await expect(come({ tenant: 'common' }, TENANT)).rejects.toEqual(invalid);
    });
  },
);
