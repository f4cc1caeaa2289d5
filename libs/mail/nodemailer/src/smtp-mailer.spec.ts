import type { Mailer } from '@state-server/mail-port';
import { until } from '@state-server/testing';
import type { SMTPServerOptions } from 'smtp-server';
import { createSmtpMailer, type SmtpOptions } from './smtp-mailer';
import { mail, ownCertificate, startMailServer, startRawServer } from './smtp-mailer.spec-support';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const from = { name: 'State server', address: 'no-reply@state.test' };

function mailer(port: number, options: Partial<SmtpOptions> = {}): Mailer {
  const made = createSmtpMailer({
    ...{ host: '127.0.0.1', port, tls: 'none', from, deadlineMs: 5_000 },
    ...options,
  });
  closers.push(() => made.close());
  return made;
}

async function server(options?: SMTPServerOptions) {
  const started = await startMailServer(options);
  closers.push(() => started.close());
  return started;
}

function refusal(code: number, text = 'no'): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

describe('mail by SMTP', () => {
  it('arrives whole: text, HTML, who it is from, an id that follows from what it is about (MAIL-3)', async () => {
    const { port, delivered } = await server();
    expect(await mailer(port).send(mail())).toEqual({ kind: 'accepted' });
    const [one] = delivered;
    expect(one).toMatchObject({ from: from.address, to: ['ada@x.test'] });
    expect(one?.mail).toMatchObject({
      from,
      to: [{ address: 'ada@x.test', name: '' }],
      subject: 'Grüße',
      text: expect.stringMatching(/^Hello, Ada\n+$/) as unknown,
      html: expect.stringMatching(/^<p>Hello, Ada<\/p>\n+$/) as unknown,
      messageId: '<abc123@state.test>',
      date: '2026-05-01T12:00:00.000Z',
    });
    const headers = Object.fromEntries((one?.mail.headers ?? []).map(({ key, value }) => [key, value]));
    expect(headers).toMatchObject({ 'auto-submitted': 'auto-generated', 'content-language': 'en' });
  });

  it('has no header but its own, whatever stands in its fields (MAIL-5)', async () => {
    const { port, delivered } = await server();
    const evil = 'x\r\nBcc: eve@x.test\r\n\r\n<b>body</b>';
    await mailer(port).send(mail({ subject: evil }));
    await mailer(port).send(mail({ to: 'ada@x.test, eve@x.test' }));
    await mailer(port).send(mail({ to: 'ada@x.test\r\nRCPT TO:<eve@x.test>' }));
    const reached = delivered.flatMap(({ to }) => to);
    expect(reached).not.toContain('eve@x.test');
    expect(delivered[0]?.mail.bcc).toBeUndefined();
    expect(delivered[0]?.mail.text?.trim()).toBe('Hello, Ada');
  });

  it('says who it is only over TLS, and to a server that it trusts (MAIL-6)', async () => {
    const { key, cert } = ownCertificate();
    const { port, delivered } = await server({
      key,
      cert,
      onAuth: ({ username, password }, _, done) => {
        if (password === 'right') done(null, { user: username ?? '' });
        else done(refusal(535, 'who are you'));
      },
    });
    const as = (pass: string) => ({ tls: 'starttls' as const, credentials: () => ({ user: 'us', pass }) });
    expect(await mailer(port, as('right')).send(mail())).toMatchObject({ kind: 'later' });
    expect(delivered).toEqual([]);
    expect(await mailer(port, { ...as('right'), ca: cert }).send(mail())).toEqual({ kind: 'accepted' });
    expect(delivered).toMatchObject([{ secure: true, user: 'us' }]);
    // Our own mistake says nothing of the mail.
    const wrong = await mailer(port, { ...as('wrong'), ca: cert }).send(mail());
    expect(wrong).toMatchObject({ kind: 'later', reason: expect.stringContaining('535') as unknown });
    expect(JSON.stringify(wrong)).not.toContain('wrong');
  });

  it('takes a password that has changed with the next mail (MAIL-6)', async () => {
    const { key, cert } = ownCertificate();
    let right = 'first';
    const { port } = await server({
      key,
      cert,
      onAuth: ({ username, password }, _, done) => {
        if (password === right) done(null, { user: username ?? '' });
        else done(refusal(535));
      },
    });
    let pass = 'first';
    const one = mailer(port, { tls: 'starttls', ca: cert, credentials: () => ({ user: 'us', pass }) });
    expect(await one.send(mail())).toEqual({ kind: 'accepted' });
    right = pass = 'second';
    expect(await one.send(mail())).toEqual({ kind: 'accepted' });
  });

  it('does not go out in the clear where TLS is asked for and not offered (MAIL-6)', async () => {
    const { port, delivered } = await server();
    expect(await mailer(port, { tls: 'starttls' }).send(mail())).toMatchObject({ kind: 'later' });
    expect(delivered).toEqual([]);
  });

  it.each([450, 421])('is for another time after a %i (MAIL-4)', async (code) => {
    let answers = 0;
    const { port, delivered } = await server({
      onRcptTo: (_address, _session, done) => done((answers += 1) === 1 ? refusal(code, 'busy') : null),
    });
    const one = mailer(port);
    expect(await one.send(mail())).toMatchObject({ kind: 'later' });
    expect(delivered).toEqual([]);
    expect(await one.send(mail())).toEqual({ kind: 'accepted' });
    expect(delivered).toHaveLength(1);
  });

  it('is refused for good after a 5xx about its recipient or itself (MAIL-4)', async () => {
    const nobody = await server({
      onRcptTo: (_address, _session, done) => done(refusal(550, 'no such\nuser')),
    });
    const refused = await mailer(nobody.port).send(mail());
    expect(refused).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/550[^\n]*no such/) as unknown,
    });
    const spam = await server({
      onData: (stream, _session, done) => {
        stream.resume();
        stream.on('end', () => done(refusal(554, 'spam')));
      },
    });
    expect(await mailer(spam.port).send(mail())).toMatchObject({ kind: 'refused' });
  });

  it('is for another time when we are turned away as a sender, or before any mail was offered (MAIL-4)', async () => {
    const sender = await server({ onMailFrom: (_address, _session, done) => done(refusal(550, 'not you')) });
    expect(await mailer(sender.port).send(mail())).toMatchObject({ kind: 'later' });
    const closed = await server({ onConnect: (_session, done) => done(refusal(554, 'closed')) });
    expect(await mailer(closed.port).send(mail())).toMatchObject({ kind: 'later' });
  });

  it('is for another time when the server is away (MAIL-4)', async () => {
    const gone = await startMailServer();
    await gone.close();
    expect(await mailer(gone.port).send(mail())).toMatchObject({ kind: 'later' });
  });

  it.each<[string, string]>([
    ['says nothing at all', ''],
    ['greets and then says nothing', '220 here\r\n'],
  ])('does not wait longer than its deadline for a server that %s (MAIL-4)', async (_, greeting) => {
    const silent = await startRawServer((socket) => {
      socket.write(greeting);
      socket.resume();
    });
    closers.push(() => silent.close());
    const outcome = await mailer(silent.port, { deadlineMs: 300 }).send(mail());
    expect(outcome).toMatchObject({ kind: 'later' });
  });

  it('does not wait longer for one that trickles, either, and hangs up on it (MAIL-4)', async () => {
    let hungUp = false;
    const slow = await startRawServer((socket) => {
      const timer = setInterval(() => socket.write('220-wait\r\n'), 20);
      socket.on('close', () => {
        hungUp = true;
        clearInterval(timer);
      });
      socket.resume();
    });
    closers.push(() => slow.close());
    expect(await mailer(slow.port, { deadlineMs: 400 }).send(mail())).toMatchObject({ kind: 'later' });
    await until(() => hungUp);
  });
});
