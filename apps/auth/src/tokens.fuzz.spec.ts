import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { fuzzBudget, seededRandom } from '@state-server/testing';
import fc from 'fast-check';
import { closeAll, PEM, startAuth, type TestAuth } from './auth.spec-support';
import { MUTATIONS } from './token-mutations.spec-support';

const budget = fuzzBudget(fc, 'apps/auth/jest.config.cjs', () => expect.getState());
const TOKENS = 1_000;
const AT_ONCE = 16;
const SECRET = 'a-shared-secret-of-these-tests-0123456789';

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
afterAll(() => agent.destroy());
afterEach(closeAll);

/** The status of a protected door, for exactly this text as the token. */
function knock(auth: TestAuth, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${auth.http.url}/auth/session`,
      { agent, headers: { authorization: `Bearer ${token}` } },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

async function genuineToken(auth: TestAuth): Promise<string> {
  const { body } = await auth.send('POST', '/auth/dev', { body: { name: 'Ada' } });
  return String(body['access_token']);
}

/** The same claims under the shared secret. */
function bySecret(token: string): string {
  const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');
  const input = `${header}.${token.split('.')[1] ?? ''}`;
  return `${input}.${createHmac('sha256', SECRET).update(input).digest('base64url')}`;
}

describe('tokens that nobody issued (ID1, ID16)', () => {
  it.each([
    ['an installation of its own', {}],
    ['one that takes tokens of a shared secret too', { JWT_SECRET: SECRET }],
  ])(
    `of ${TOKENS} in %s each is answered with 401, and the genuine one passes`,
    async (_name, env) => {
      const auth = await startAuth(env);
      const token = await genuineToken(auth);
      const passes = 'JWT_SECRET' in env ? [token, bySecret(token)] : [token];
      for (const good of passes) expect(await knock(auth, good)).toBe(200);
      const random = seededRandom(budget.parameters(TOKENS).seed ?? 1);
      const dice = (): number => random.next();
      const kinds = Object.entries(MUTATIONS);
      const mutants = Array.from({ length: TOKENS }, (_, index) => {
        const [kind, mutate] = kinds[index % kinds.length] ?? ['', () => ''];
        const from = passes[Math.floor(index / kinds.length) % passes.length] ?? token;
        return { kind, token: mutate({ token: from, pem: PEM }, dice) };
      }).filter((mutant) => !passes.includes(mutant.token));
      expect(mutants).toHaveLength(TOKENS);
      const passed: { kind: string; status: number; token: string }[] = [];
      for (let at = 0; at < mutants.length; at += AT_ONCE) {
        const batch = mutants.slice(at, at + AT_ONCE);
        const statuses = await Promise.all(batch.map((mutant) => knock(auth, mutant.token)));
        statuses.forEach((status, index) => {
          const mutant = batch[index];
          if (status !== 401 && mutant) passed.push({ ...mutant, status });
        });
      }
      expect(passed).toEqual([]);
      for (const good of passes) expect(await knock(auth, good)).toBe(200);
    },
    budget.timeoutMs,
  );
});
