import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFakeEnvironment, type FakeVault, startFakeVault } from '@state-server/testing';
import { createLogger } from '../log/logger';
import { createService } from '../service/service';
import { liveSetting, watchSecrets } from '../service/watch-secrets';
import { commonFields, commonRules } from './common-fields';
import { defineConfig } from './define-config';
import { list, optional, text } from './field';
import { ConfigError, loadConfig } from './load-config';
import { openConfigSecrets } from './open-config-secrets';

const schema = defineConfig(
  {
    ...commonFields({ service: 'test', port: 0, metricsPort: 0 }),
    API_SECRET: optional(text({ description: 'A secret.', sensitive: true })),
    SIGN_SECRETS: list((item) => (item.startsWith('s_') ? item : undefined), 'must begin with s_', {
      description: 'Several.',
      sensitive: true,
    }),
  },
  commonRules,
);
const TOKEN = 'hvs.of-the-tests';

let folder: string;
let vault: FakeVault | undefined;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'config-secrets-'))));
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await vault?.close();
  vault = undefined;
});

const put = (name: string, value: string): void => writeFileSync(join(folder, name), value);

async function load(given: Record<string, string>) {
  const environment = { SIGN_SECRETS: 's_of_the_environment', ...given };
  const secrets = await openConfigSecrets(schema.fields, environment);
  return { secrets, config: loadConfig(schema, environment, { secrets }) };
}

async function problems(given: Record<string, string>): Promise<readonly string[]> {
  try {
    await load(given);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('settings that are secrets (SECRET-1)', () => {
  it('come from Vault, else from the folder, else from the file that NAME_FILE names, else from the environment', async () => {
    vault = await startFakeVault({ token: TOKEN });
    vault.put({ SIGN_SECRETS: 's_of_vault' });
    const inVault = { VAULT_ADDR: vault.url, VAULT_TOKEN: TOKEN };
    put('SIGN_SECRETS', 's_of_folder\n');
    put('file', 's_of_file\n');
    const inFolder = { SECRETS_DIR: folder };
    const taken = async (given: Record<string, string>) => (await load(given)).config.SIGN_SECRETS;
    expect([
      await taken({ ...inVault, ...inFolder }),
      await taken(inFolder),
      await taken({ SIGN_SECRETS: '', SIGN_SECRETS_FILE: join(folder, 'file') }),
      await taken({}),
    ]).toEqual([['s_of_vault'], ['s_of_folder'], ['s_of_file'], ['s_of_the_environment']]);
  });

  it('are taken from a manager alone: what is no secret stays in the environment', async () => {
    put('PORT', '4711');
    expect(await problems({ SECRETS_DIR: folder })).toEqual([
      'PORT is kept with the secrets, and is none: set it in the environment',
    ]);
  });

  it('are named in one line when they are misspelt, missing or not right, and never shown', async () => {
    put('SIGN_SECERTS', 's_hunter2');
    put('OF_ANOTHER_PROGRAM', 'hunter2');
    expect(await problems({ SECRETS_DIR: folder })).toEqual([
      'SIGN_SECERTS, kept with the secrets, is not known: is SIGN_SECRETS meant?',
    ]);
    rmSync(join(folder, 'SIGN_SECERTS'));
    put('SIGN_SECRETS', 'hunter2');
    expect(await problems({ SECRETS_DIR: folder })).toEqual(['SIGN_SECRETS must begin with s_']);
    rmSync(join(folder, 'SIGN_SECRETS'));
    expect(await problems({ SECRETS_DIR: folder, SIGN_SECRETS: '' })).toEqual([
      'SIGN_SECRETS is missing: Several.',
    ]);
  });

  it.each([
    [
      'two places for one',
      { API_SECRET: 'x', API_SECRET_FILE: '/x' },
      /API_SECRET_FILE and API_SECRET are both set/,
    ],
    [
      'a file that is not there',
      { API_SECRET_FILE: '/nothing' },
      /^API_SECRET_FILE names a file that cannot be read$/,
    ],
    ['a folder that is not there', { SECRETS_DIR: '/nothing' }, /^SECRETS_DIR names a folder/],
    ['Vault without a way in', { VAULT_ADDR: 'https://v.test' }, /exactly one of VAULT_TOKEN/],
    [
      'Vault with its token in clear on the network',
      { NODE_ENV: 'production', VAULT_ADDR: 'http://vault:8200', VAULT_ROLE: 'r' },
      /VAULT_ADDR must be https in production/,
    ],
    [
      'Vault that is away',
      { VAULT_ADDR: 'http://127.0.0.1:1', VAULT_TOKEN: 'hvs.hunter2' },
      /^VAULT_ADDR: it cannot be reached/,
    ],
  ])('are refused with %s', async (_what, given, words) => {
    const found = await problems(given);
    expect(found).toEqual([expect.stringMatching(words)]);
    expect(found.join()).not.toContain('hunter2');
  });
});

describe('a secret that changes while the service runs (SECRET-7)', () => {
  async function running() {
    put('SIGN_SECRETS', 's_first_of_all_secrets');
    put('API_SECRET', 'first-api-secret');
    const { secrets, config } = await load({ SECRETS_DIR: folder });
    const lines: string[] = [];
    const log = createLogger({
      ...{ service: 'test', instance: 'test', level: 'trace' },
      to: { write: (line) => void lines.push(line) },
    });
    const environment = createFakeEnvironment();
    const service = createService({ config, secrets, log, environment, processMetrics: false });
    watchSecrets(service, secrets, schema.fields);
    return { service, secrets, lines, signing: liveSetting(service, schema.fields, 'SIGN_SECRETS') };
  }

  it('is in force without a restart, checked as at the start', async () => {
    const { secrets, signing, lines, service } = await running();
    put('SIGN_SECRETS', 's_second_of_all_secrets,s_first_of_all_secrets');
    await secrets.refresh();
    expect(signing()).toEqual(['s_second_of_all_secrets', 's_first_of_all_secrets']);
    put('SIGN_SECRETS', 'rubbish-that-nobody-should-see');
    await secrets.refresh();
    expect(signing()).toEqual(['s_second_of_all_secrets', 's_first_of_all_secrets']);
    expect(lines.join('')).toContain('"setting":"SIGN_SECRETS","problem":"SIGN_SECRETS must begin with s_"');
    await service.close();
  });

  it('is told by name where nobody follows it', async () => {
    const { secrets, lines, service } = await running();
    put('API_SECRET', 'second-api-secret');
    await secrets.refresh();
    expect(lines.join('')).toContain('"setting":"API_SECRET","msg":"secrets.needs_restart"');
    await service.close();
  });

  it('is hidden in every line of the log, before and after (PLAT-9)', async () => {
    const { secrets, lines, service } = await running();
    put('SIGN_SECRETS', 's_second_of_all_secrets');
    await secrets.refresh();
    service.log.error('driver.failed', {
      err: new Error('cannot use first-api-secret with s_second_of_all_secrets'),
      text: 'or s_first_of_all_secrets',
    });
    const log = lines.join('');
    expect(log).toContain('cannot use [redacted] with [redacted]');
    expect(log).not.toMatch(/first-api-secret|s_first_of_all|s_second_of_all/);
    await service.close();
  });
});
