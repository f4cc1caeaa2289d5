import type { Mailer, MailMessage, MailOutcome } from '@state-server/mail-port';
import { createMemoryStore } from '@state-server/persistence-memory';
import type { Store } from '@state-server/persistence-port';
import { createFakeEnvironment } from '@state-server/testing';
import { MAIL_KEPT_MS, queueMail } from './queue-mail';
import { deadMails, dueMails, MAIL_ATTEMPTS, MAIL_LEASE_MS, sendMail, waitMs } from './send-mail';

const TOKEN = 'inv_topsecret';

function world(answer: (message: MailMessage, attempt: number) => MailOutcome | Promise<MailOutcome>) {
  const environment = createFakeEnvironment();
  const { clock } = environment;
  const store = createMemoryStore({ environment });
  const sent: MailMessage[] = [];
  const mailer: Mailer = {
    send: async (message) => {
      sent.push(message);
      return answer(message, sent.length);
    },
    close: () => Promise.resolve(),
  };
  const queue = (key = 'invitation:1', to = 'ada@x.test') =>
    store.transact({ label: 'spec' }, (tx) =>
      queueMail(tx, {
        ...{ template: 'company.invitation', to, key, locale: 'de' },
        data: { company: 'Acme', inviter: 'Bob', role: 'member', token: TOKEN, expires_at: at() },
        at: at(),
      }),
    );
  const at = () => new Date(clock.now()).toISOString();
  const send = (sender: string, through: Store = store, key = 'invitation:1') =>
    sendMail({ store: through, clock, mailer, appUrl: 'https://app.test', domain: 'x.test', sender }, key);
  const record = () => store.read({ label: 'spec' }, (tx) => tx.get('mails', ['invitation:1']));
  const due = () => dueMails(store, clock.now(), 10);
  /** Lets the time pass that the store waits after a conflict. */
  const inTime = async <T>(work: Promise<T>): Promise<T> => {
    const over = new AbortController();
    const ended = work.finally(() => {
      over.abort();
    });
    for (let round = 0; round < 500 && !over.signal.aborted; round += 1) await environment.advance(10);
    return ended;
  };
  return { environment, store, sent, queue, send, record, due, inTime };
}

const accepted: MailOutcome = { kind: 'accepted' };
const later: MailOutcome = { kind: 'later', reason: 'ECONNECTION' };

/** A process that dies as soon as it has handed the mail on: nothing of what it writes then is there. */
function dying(store: Store): Store {
  return {
    ...store,
    read: (options, work) => store.read(options, work),
    transact: (options, work) =>
      options.label === 'mail.settle' ? Promise.reject(new Error('killed')) : store.transact(options, work),
  };
}

describe('mails', () => {
  it('are asked for once per key, together with what they are about or not at all (MAIL-1)', async () => {
    const { store, queue, due, inTime } = world(() => accepted);
    const failing = store.transact({ label: 'spec' }, async (tx) => {
      await queueMail(tx, {
        ...{
          template: 'erasure.confirmed',
          to: 'a@x.test',
          key: 'erasure:1',
          at: '2026-01-01T00:00:00.000Z',
        },
        data: { name: 'A', at: '2026-01-01T00:00:00.000Z' },
      });
      throw new Error('the act failed');
    });
    await expect(failing).rejects.toThrow('the act failed');
    expect(await due()).toEqual([]);
    const asked = await inTime(Promise.all([queue(), queue(), queue()]));
    expect(asked.filter(Boolean)).toHaveLength(1);
    expect(await due()).toEqual(['invitation:1']);
  });

  it('are not asked for to what is no single address (MAIL-5)', async () => {
    const { queue, due } = world(() => accepted);
    const bad = [
      '',
      'ada',
      'a@x.test, b@x.test',
      'a@x.test\r\nBcc: b@x.test',
      'Ada <a@x.test>',
      '"a b"@x.test',
      'a@-x',
      'a@x..test',
      `${'a'.repeat(65)}@x.test`,
    ];
    for (const to of bad) expect(await queue('k', to)).toBe(false);
    expect(await due()).toEqual([]);
    expect(await queue('k', "o'hara+tag@sub.x-y.test")).toBe(true);
  });

  it('are sent once, and what they said is gone from the store then (MAIL-2)', async () => {
    const { sent, queue, send, record, due } = world(() => accepted);
    await queue();
    expect(await send('one')).toBe('sent');
    expect(sent).toMatchObject([
      { to: 'ada@x.test', subject: expect.stringContaining('Einladung') as unknown },
    ]);
    expect(sent[0]?.text).toContain(TOKEN);
    expect(JSON.stringify(await record())).not.toContain(TOKEN);
    expect(await send('two')).toBe('taken');
    expect(await queue()).toBe(false);
    expect(await due()).toEqual([]);
    expect(sent).toHaveLength(1);
  });

  it('are sent by one process at a time, however many try (MAIL-2)', async () => {
    const { sent, queue, send, inTime } = world(() => accepted);
    await queue();
    const outcomes = await inTime(Promise.all(['a', 'b', 'c', 'd'].map((name) => send(name))));
    expect(outcomes.sort()).toEqual(['sent', 'taken', 'taken', 'taken']);
    expect(sent).toHaveLength(1);
  });

  it('of a process that was killed between sending and writing it down go out again, recognisable (MAIL-2)', async () => {
    const { environment, store, sent, queue, send, due } = world(() => accepted);
    await queue();
    await expect(send('first', dying(store))).rejects.toThrow('killed');
    expect(await send('second')).toBe('taken');
    expect(await due()).toEqual([]);
    await environment.advance(MAIL_LEASE_MS + 1);
    expect(await due()).toEqual(['invitation:1']);
    expect(await send('second')).toBe('sent');
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    expect(sent[0]?.messageId).toMatch(/^<[0-9a-f]{40}@x\.test>$/);
  });

  it('are tried again later and later, and given up after a number of times (MAIL-4)', async () => {
    const { environment, store, sent, queue, send, due, record } = world(() => later);
    await queue();
    const waits: number[] = [];
    for (let attempt = 1; attempt < MAIL_ATTEMPTS; attempt += 1) {
      expect(await send('one')).toBe('later');
      expect(await due()).toEqual([]);
      waits.push(waitMs(attempt));
      await environment.advance(waitMs(attempt) + 1);
    }
    expect(waits.slice(0, 3)).toEqual([5_000, 10_000, 20_000]);
    expect(Math.max(...waits)).toBe(3_600_000);
    expect(await send('one')).toBe('dead');
    expect(sent).toHaveLength(MAIL_ATTEMPTS);
    await environment.advance(3 * 3_600_000);
    expect(await due()).toEqual([]);
    expect(await record()).toMatchObject({ state: 'dead', reason: 'ECONNECTION', attempts: MAIL_ATTEMPTS });
    expect(JSON.stringify(await record())).not.toContain(TOKEN);
    expect(await deadMails(store, 10)).toHaveLength(1);
  });

  it('that are refused for good are not tried again (MAIL-4)', async () => {
    const { store, sent, queue, send, due } = world(() => ({ kind: 'refused', reason: '550 nobody' }));
    await queue();
    expect(await send('one')).toBe('dead');
    expect(await due()).toEqual([]);
    expect(sent).toHaveLength(1);
    expect(await deadMails(store, 10)).toMatchObject([{ key: 'invitation:1', reason: '550 nobody' }]);
  });

  it('that end every process that sends them are given up, too (MAIL-4)', async () => {
    const { environment, store, queue, send, record } = world(() => accepted);
    await queue();
    for (let attempt = 1; attempt <= MAIL_ATTEMPTS; attempt += 1) {
      await expect(send(`p${attempt}`, dying(store))).rejects.toThrow('killed');
      await environment.advance(MAIL_LEASE_MS + 1);
    }
    expect(await send('last')).toBe('dead');
    expect(await record()).toMatchObject({ state: 'dead', reason: 'tried too often' });
  });

  it('whose lease ran out while they were sent are settled by whoever sent them, not by who failed (MAIL-2)', async () => {
    let release: (outcome: MailOutcome) => void = () => undefined;
    const slow = new Promise<MailOutcome>((resolve) => {
      release = resolve;
    });
    const { environment, queue, send, record } = world((_, attempt) => (attempt === 1 ? slow : accepted));
    await queue();
    const first = send('first');
    await environment.advance(MAIL_LEASE_MS + 1);
    expect(await send('second')).toBe('sent');
    release(later);
    expect(await first).toBe('taken');
    expect(await record()).toMatchObject({ state: 'sent' });
  });

  it('are forgotten after 30 days, and then may be asked for again (MAIL-9)', async () => {
    const { queue, record } = world(() => accepted);
    await queue();
    const { created_at = '', expires_at = '' } = (await record()) ?? {};
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBe(MAIL_KEPT_MS);
  });
});
