import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createFakeEnvironment,
  type FakeVault,
  type FakeVaultOptions,
  startFakeVault,
} from '@state-server/testing';
import { SecretsError } from '../secret-source';
import { openSecrets } from '../secrets';
import { type VaultOptions, vaultPlace } from './vault-place';

const TOKEN = 'hvs.of-the-tests';
const vaults: FakeVault[] = [];
afterEach(async () => {
  await Promise.all(vaults.splice(0).map((vault) => vault.close()));
});

async function world(options: FakeVaultOptions = {}, change: Partial<VaultOptions> = {}) {
  const environment = createFakeEnvironment();
  const vault = await startFakeVault({ token: TOKEN, now: () => environment.clock.monotonic(), ...options });
  vaults.push(vault);
  const place = vaultPlace({
    address: vault.url,
    mount: 'secret',
    path: 'state-server',
    auth: { kind: 'token', token: TOKEN },
    deadlineMs: 5_000,
    clock: environment.clock,
    pause: () => Promise.resolve(),
    ...change,
  });
  return { environment, vault, place };
}

const saying = (words: RegExp): unknown =>
  expect.objectContaining({ name: 'SecretsError', message: expect.stringMatching(words) as unknown });

describe('secrets in Vault (SECRET-3)', () => {
  it('are the fields of one record, as far as their names are those of settings', async () => {
    const { vault, place } = await world();
    vault.put({ CALLBACK_SECRETS: 'whsec_a', JWT_KEY_SET: '{"a":1}\n', note: 'of a person', EMPTY: '' });
    expect([...(await place.read())]).toEqual([
      ['CALLBACK_SECRETS', 'whsec_a'],
      ['JWT_KEY_SET', '{"a":1}'],
    ]);
  });

  it.each([
    ['a token that may not', { auth: { kind: 'token', token: 'another' } }, undefined, /403/],
    ['another path', { path: 'elsewhere' }, undefined, /nothing at secret\/elsewhere \(404\)/],
    ['a sealed Vault', {}, 'sealed', /sealed.*503/],
    ['an answer that is no JSON', {}, 'malformed', /no JSON/],
    ['an answer of another engine', {}, 'not_kv2', /KV engine, version 2/],
    ['half an answer', {}, 'cut_off', /cannot be reached|ended too soon/],
    ['no answer', { deadlineMs: 50 }, 'hang', /does not answer within 50 ms/],
  ] as const)(
    'say in one line what is wrong with %s, and never a value',
    async (_what, change, fault, words) => {
      const { vault, place } = await world({}, change);
      vault.put({ CALLBACK_SECRETS: 'whsec_hunter2' });
      vault.fault = fault;
      const error: unknown = await place.read().catch((thrown: unknown) => thrown);
      expect(error).toEqual(saying(words));
      expect(String(error)).not.toMatch(/hunter2|hvs\.|another/);
    },
  );

  it('say so when nobody listens', async () => {
    const { vault, place } = await world();
    await vault.close();
    await expect(place.read()).rejects.toEqual(saying(/cannot be reached \(ECONNREFUSED\)/));
  });

  it('name a field that is no text, and not what stands in it', async () => {
    const { vault, place } = await world();
    vault.put({ SMTP_PASSWORD: { inner: 'hunter2' } });
    await expect(place.read()).rejects.toEqual(
      saying(/^VAULT_ADDR: SMTP_PASSWORD in secret\/state-server is no text$/),
    );
  });

  it('are asked for again after what passes by itself, three times in all', async () => {
    const { vault, place } = await world();
    vault.put({ A: 'x' });
    vault.fault = 'sealed';
    await expect(place.read()).rejects.toBeInstanceOf(SecretsError);
    expect(vault.calls).toHaveLength(3);
  });

  it('come new with a new version, and stay while Vault is away, which readiness says', async () => {
    const { vault, place, environment } = await world();
    vault.put({ SMTP_PASSWORD: 'one' });
    const secrets = await openSecrets({ places: [place] });
    const told: string[] = [];
    secrets.onChange('SMTP_PASSWORD', () => told.push(secrets.get('SMTP_PASSWORD') ?? 'gone'));
    const events: string[] = [];
    secrets.watch({
      timers: environment.timers,
      everyMs: 10_000,
      tell: (_level, event) => events.push(event),
    });
    vault.put({ SMTP_PASSWORD: 'two' });
    await secrets.refresh();
    expect([told, secrets.state().status]).toEqual([['two'], 'ok']);
    vault.fault = 'sealed';
    await secrets.refresh();
    expect([secrets.get('SMTP_PASSWORD'), secrets.state()]).toEqual([
      'two',
      { status: 'degraded', message: expect.stringContaining('VAULT_ADDR') as unknown },
    ]);
    vault.fault = undefined;
    await secrets.refresh();
    expect([secrets.state().status, told]).toEqual(['ok', ['two']]);
    expect(events).toEqual(['secrets.changed', 'secrets.place_failed', 'secrets.place_recovered']);
    secrets.close();
  });
});

describe('who we are to Vault (SECRET-4)', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vault-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function pod() {
    const jwtFile = join(folder, 'token');
    writeFileSync(jwtFile, 'jwt-of-the-pod\n');
    const auth = { kind: 'kubernetes', role: 'state-server', mount: 'kubernetes', jwtFile } as const;
    return world({ role: 'state-server', jwt: 'jwt-of-the-pod', ttlSeconds: 60 }, { auth });
  }
  const counted = (vault: FakeVault, what: string): number =>
    vault.calls.filter((call) => call.includes(what)).length;

  it('is the service account of the pod: one sign-in, renewed at half of its time', async () => {
    const { vault, place, environment } = await pod();
    vault.put({ A: 'x' });
    await place.read();
    await environment.advance(29_000);
    await place.read();
    expect([counted(vault, 'login'), counted(vault, 'renew-self')]).toEqual([1, 0]);
    await environment.advance(1_000);
    await place.read();
    expect([counted(vault, 'login'), counted(vault, 'renew-self')]).toEqual([1, 1]);
    await environment.advance(29_000);
    await place.read();
    expect(counted(vault, 'login')).toBe(1);
  });

  it('is proven anew when the token has ended, or is refused before', async () => {
    const { vault, place, environment } = await pod();
    vault.put({ A: 'x' });
    await place.read();
    await environment.advance(120_000);
    await place.read();
    expect(counted(vault, 'login')).toBe(2);
    vault.revokeTokens();
    expect((await place.read()).get('A')).toBe('x');
    expect(counted(vault, 'login')).toBe(3);
  });

  it('is refused in words when the role is not ours', async () => {
    const { vault, place } = await pod();
    vault.put({ A: 'x' });
    writeFileSync(join(folder, 'token'), 'jwt-of-another');
    await expect(place.read()).rejects.toEqual(saying(/refuses the sign-in as VAULT_ROLE \(403\)/));
  });

  it('is what stands in a file that Vault Agent keeps fresh', async () => {
    const file = join(folder, 'sink');
    writeFileSync(file, 'outdated');
    const { vault, place } = await world({}, { auth: { kind: 'token_file', file } });
    vault.put({ A: 'x' });
    await expect(place.read()).rejects.toEqual(saying(/403/));
    writeFileSync(file, `${TOKEN}\n`);
    expect((await place.read()).get('A')).toBe('x');
  });
});

describe('a change in Vault (SECRET-5)', () => {
  it('touches one field, and is done anew when somebody else was faster', async () => {
    const { vault, place } = await world();
    vault.put({ A: 'one', B: 'kept' });
    let others = 1;
    vault.beforeWrite = () => {
      if (others > 0) vault.put({ ...vault.data, C: 'of somebody else' });
      others -= 1;
    };
    const seen: (string | undefined)[] = [];
    await place.change('A', (present) => {
      seen.push(present);
      return `${present}+`;
    });
    expect([seen, vault.data]).toEqual([['one', 'one'], { A: 'one+', B: 'kept', C: 'of somebody else' }]);
  });

  it('is none when there is nothing to change', async () => {
    const { vault, place } = await world();
    vault.put({ A: 'one' });
    await place.change('A', () => undefined);
    expect(vault.version).toBe(1);
  });
});
