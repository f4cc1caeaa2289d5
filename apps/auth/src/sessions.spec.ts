import { type Answer, closeAll, codeOf, startAuth, type TestAuth } from './auth.spec-support';

afterEach(closeAll);

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

const text = (value: unknown): string => String(value);
const from = (userAgent: string) => ({ headers: { 'user-agent': userAgent } });
const signIn = (auth: TestAuth, userAgent = FIREFOX): Promise<Answer> =>
  auth.send('POST', '/auth/dev', { body: { name: 'Ada' }, ...from(userAgent) });
const tokenOf = ({ body }: Answer): string => text(body['access_token']);
const sessionOf = async (auth: TestAuth, token: string): Promise<Answer> =>
  auth.send('GET', '/auth/session', { token });
const codesOf = (auth: TestAuth, tokens: readonly Answer[]): Promise<unknown[]> =>
  Promise.all(tokens.map(async (tokens) => codeOf(await sessionOf(auth, tokenOf(tokens)))));

describe('a refresh token over HTTP (ID4)', () => {
  it('that 50 use at the same time has one winner and 49 who are told so; the session lives', async () => {
    const auth = await startAuth();
    const { body } = await signIn(auth);
    const refresh = { body: { refresh_token: body['refresh_token'] }, ...from(FIREFOX) };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => auth.send('POST', '/auth/refresh', refresh)),
    );
    const won = answers.filter(({ status }) => status === 200);
    const lost = answers.filter(({ status }) => status === 409).map(codeOf);
    expect([won.length, lost]).toEqual([1, Array<string>(49).fill('auth.refresh_superseded')]);
    const [winner] = won;
    if (!winner) throw new Error('nobody won');
    expect((await sessionOf(auth, tokenOf(winner))).status).toBe(200);
    const next = await auth.send('POST', '/auth/refresh', {
      body: { refresh_token: winner.body['refresh_token'] },
      ...from(FIREFOX),
    });
    expect(next.status).toBe(200);
  });

  it('that another program uses within these 10 s ends the session (ID5)', async () => {
    const auth = await startAuth();
    const { body } = await signIn(auth);
    const refresh = { body: { refresh_token: body['refresh_token'] } };
    const won = await auth.send('POST', '/auth/refresh', { ...refresh, ...from(FIREFOX) });
    const thief = await auth.send('POST', '/auth/refresh', { ...refresh, ...from('curl/8.5') });
    expect([thief.status, codeOf(thief)]).toEqual([401, 'auth.refresh_reused']);
    expect(codeOf(await sessionOf(auth, tokenOf(won)))).toBe('auth.revoked');
  });

  it('whose answer was lost is answered once more under its Idempotency-Key (ID12)', async () => {
    const auth = await startAuth();
    const { body } = await signIn(auth);
    const refresh = {
      body: { refresh_token: body['refresh_token'] },
      headers: { 'user-agent': FIREFOX, 'idempotency-key': 'a-key' },
    };
    const [first, again] = [
      await auth.send('POST', '/auth/refresh', refresh),
      await auth.send('POST', '/auth/refresh', refresh),
    ];
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body['refresh_token']).toBe(first.body['refresh_token']);
    const odd = { ...refresh, headers: { 'idempotency-key': '' } };
    expect(codeOf(await auth.send('POST', '/auth/refresh', odd))).toBe('idempotency.key_invalid');
  });

  it('ends with its session by the settings: unused, or too old however much it is used (ID11)', async () => {
    const auth = await startAuth({ SESSION_IDLE_HOURS: '2', SESSION_LIFETIME_HOURS: '3' });
    const HOUR = 3_600_000;
    const unused = await signIn(auth);
    await auth.environment.advance(2 * HOUR);
    const refresh = async ({ body }: Answer): Promise<Answer> =>
      auth.send('POST', '/auth/refresh', { body: { refresh_token: body['refresh_token'] } });
    expect(codeOf(await refresh(unused))).toBe('auth.refresh_invalid');
    let used = await signIn(auth);
    await auth.environment.advance(1.9 * HOUR);
    used = await refresh(used);
    await auth.environment.advance(1 * HOUR);
    used = await refresh(used);
    expect([used.status, used.body['expires_in']]).toEqual([200, 360]);
    await auth.environment.advance(0.1 * HOUR);
    expect(codeOf(await refresh(used))).toBe('auth.refresh_invalid');
  });
});

describe('one’s own sessions (ID13)', () => {
  const list = async (auth: TestAuth, token: string): Promise<Record<string, unknown>[]> => {
    const { body, status } = await auth.send('GET', '/auth/sessions', { token });
    expect(status).toBe(200);
    return body['items'] as Record<string, unknown>[];
  };

  it('are listed with the device, its address and last use, and which one asks', async () => {
    const auth = await startAuth();
    const first = await signIn(auth, FIREFOX);
    await auth.environment.advance(2_000);
    const second = await signIn(auth, CHROME);
    await auth.send('POST', '/auth/dev', { body: { name: 'Eve' } });
    const items = await list(auth, tokenOf(second));
    expect(items).toMatchObject([
      { user_agent: FIREFOX, device: 'Firefox on Linux', address: '127.0.0.1', current: false },
      { user_agent: CHROME, device: 'Chrome on Windows', address: '127.0.0.1', current: true },
    ]);
    expect(items[0]?.['last_used_at']).toBe(items[0]?.['created_at']);
    await auth.environment.advance(2_000);
    const refresh = { body: { refresh_token: first.body['refresh_token'] }, ...from(CHROME) };
    await auth.send('POST', '/auth/refresh', refresh);
    const [used] = await list(auth, tokenOf(second));
    expect(used).toMatchObject({ device: 'Chrome on Windows' });
    expect(Date.parse(text(used?.['last_used_at'])) - Date.parse(text(used?.['created_at']))).toBe(4_000);
  });

  it('come page by page', async () => {
    const auth = await startAuth();
    const token = tokenOf(await signIn(auth));
    await signIn(auth);
    await auth.environment.advance(1);
    await signIn(auth);
    const seen: unknown[] = [];
    for (let cursor = ''; ;) {
      const { body } = await auth.send('GET', `/auth/sessions?limit=2${cursor}`, { token });
      seen.push(...(body['items'] as { id: string }[]).map(({ id }) => id));
      if (body['next_cursor'] === null) break;
      cursor = `&cursor=${text(body['next_cursor'])}`;
    }
    expect([seen.length, new Set(seen).size]).toEqual([3, 3]);
  });

  it('are ended one by one; nobody ends another’s (ID14)', async () => {
    const auth = await startAuth();
    const [mine, other] = [await signIn(auth), await signIn(auth)];
    const eve = await auth.send('POST', '/auth/dev', { body: { name: 'Eve' } });
    const items = await list(auth, tokenOf(mine));
    const id = text(items.find(({ current }) => current === false)?.['id']);
    const end = (token: string): Promise<Answer> => auth.send('DELETE', `/auth/sessions/${id}`, { token });
    const refused = await end(tokenOf(eve));
    expect([refused.status, codeOf(refused)]).toEqual([404, 'session.not_found']);
    expect((await end(tokenOf(mine))).status).toBe(204);
    expect(codeOf(await end(tokenOf(mine)))).toBe('session.not_found');
    expect(await codesOf(auth, [mine, other, eve])).toEqual([undefined, 'auth.revoked', undefined]);
    const dead = { body: { refresh_token: other.body['refresh_token'] } };
    expect(codeOf(await auth.send('POST', '/auth/refresh', dead))).toBe('auth.refresh_invalid');
  });

  it('are ended all but the one that asks, or all (ID14)', async () => {
    const auth = await startAuth();
    const [first, second, third] = [await signIn(auth), await signIn(auth), await signIn(auth)];
    const others = await auth.send('DELETE', '/auth/sessions?keep=current', { token: tokenOf(second) });
    expect(others.status).toBe(204);
    expect(await codesOf(auth, [first, second, third])).toEqual(['auth.revoked', undefined, 'auth.revoked']);
    const all = await auth.send('DELETE', '/auth/sessions', { token: tokenOf(second) });
    expect(all.status).toBe(204);
    expect(await codesOf(auth, [second])).toEqual(['auth.revoked']);
    // Whoever comes right after that is let in: in the same second, but not before it.
    await auth.environment.advance(1);
    const after = await signIn(auth);
    expect(await codesOf(auth, [after])).toEqual([undefined]);
  });
});

describe('the end of one token (ID15)', () => {
  const revoke = (auth: TestAuth, token: unknown): Promise<Answer> =>
    auth.send('POST', '/auth/revoke', { body: { token } });

  it('leaves the session and its other tokens alone when it is an access token', async () => {
    const auth = await startAuth();
    const first = await signIn(auth);
    const next = await auth.send('POST', '/auth/refresh', {
      body: { refresh_token: first.body['refresh_token'] },
    });
    expect((await revoke(auth, first.body['access_token'])).status).toBe(204);
    expect(await codesOf(auth, [first, next])).toEqual(['auth.revoked', undefined]);
  });

  it('ends the session when it is a refresh token', async () => {
    const auth = await startAuth();
    const [first, other] = [await signIn(auth), await signIn(auth)];
    expect((await revoke(auth, first.body['refresh_token'])).status).toBe(204);
    expect(await codesOf(auth, [first, other])).toEqual(['auth.revoked', undefined]);
  });

  it('is nothing, and is answered alike, for what is none', async () => {
    const auth = await startAuth();
    const first = await signIn(auth);
    const forged = tokenOf(first).replace(/.{8}$/, 'AAAAAAAA');
    for (const token of ['x', 'a.b.c', forged, first.body['access_token'], first.body['access_token']]) {
      expect((await revoke(auth, token)).status).toBe(204);
    }
    const session = await auth.send('POST', '/auth/refresh', {
      body: { refresh_token: first.body['refresh_token'] },
    });
    expect(session.status).toBe(200);
  });
});
