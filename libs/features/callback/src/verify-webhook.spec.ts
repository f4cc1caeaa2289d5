import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { verifyWebhook, type WebhookHeaders } from './verify-webhook';
import { parseWebhookSecret } from './webhook-secret';

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);
const OLD = `whsec_${Buffer.from('an older secret of this system, 1').toString('base64')}`;
const NEW = `whsec_${Buffer.from('a newer secret of this system, 22').toString('base64')}`;
const FOREIGN = `whsec_${Buffer.from('a secret of somebody else, 333333').toString('base64')}`;

const bytesOf = (secret: string): Uint8Array => parseWebhookSecret(secret) ?? new Uint8Array();
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** As the specification has it, over bytes. */
function sign(secret: string, id: string, at: number, body: Uint8Array): string {
  const seconds = Math.floor(at / 1_000);
  const digest = createHmac('sha256', bytesOf(secret))
    .update(`${id}.${seconds}.`)
    .update(body)
    .digest('base64');
  return `v1,${digest}`;
}

const BODY: Uint8Array = Uint8Array.of(0xa1, 0x61, 0x61, 0xff, 0x00, 0x2e);

function headersFor(change: Partial<WebhookHeaders> = {}, at = NOW, secret = NEW): WebhookHeaders {
  const id = change.id ?? 'msg_1';
  return {
    id,
    timestamp: String(Math.floor(at / 1_000)),
    signature: sign(secret, id, at, BODY),
    ...change,
  };
}

const verify = (headers: WebhookHeaders, body = BODY, secrets = [NEW]): string =>
  verifyWebhook({ headers, body, secrets: secrets.map(bytesOf), now: NOW });

const refused = expect.objectContaining({ code: 'callback.signature_invalid', status: 401 }) as Error;

describe('a webhook signature (CB1)', () => {
  it('is good over the raw bytes, whatever they are', () => {
    expect(verify(headersFor())).toBe('msg_1');
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        const headers = headersFor({ signature: sign(NEW, 'msg_1', NOW, body) });
        expect(verify(headers, body)).toBe('msg_1');
      }),
    );
  });

  it('may come from any library of Standard Webhooks', () => {
    const body = text('{"job_id":"j","state":"running"}');
    const signature = new Webhook(NEW).sign('msg_2', new Date(NOW), Buffer.from(body));
    expect(verify(headersFor({ id: 'msg_2', signature }), body)).toBe('msg_2');
  });

  it('may be one of several, among versions that are not ours', () => {
    const good = sign(NEW, 'msg_1', NOW, BODY);
    const other = sign(FOREIGN, 'msg_1', NOW, BODY);
    expect(verify(headersFor({ signature: `v1a,AAAA ${other} v2,x ${good}` }))).toBe('msg_1');
  });

  it('may be made with any of our secrets, so that keys are exchanged without a gap', () => {
    for (const secret of [OLD, NEW])
      expect(verify(headersFor({}, NOW, secret), BODY, [OLD, NEW])).toBe('msg_1');
    expect(() => verify(headersFor({}, NOW, OLD), BODY, [NEW])).toThrow(refused);
  });

  it('is good for 300 s on both sides of now, to the second', () => {
    for (const at of [NOW - 300_000, NOW + 300_000]) expect(verify(headersFor({}, at))).toBe('msg_1');
  });

  it('beyond that, whoever signed it is told that a clock is wrong, and we are; nobody else learns it (L4)', () => {
    for (const aheadMs of [-301_000, 600_000]) {
      const met: number[] = [];
      const check = (headers: WebhookHeaders) => () =>
        verifyWebhook({
          ...{ headers, body: BODY, secrets: [bytesOf(NEW)], now: NOW },
          onClockSkew: (ms) => met.push(ms),
        });
      const told = { code: 'clock.skew', details: { ahead_seconds: aheadMs / 1_000 } };
      expect(check(headersFor({}, NOW + aheadMs))).toThrow(expect.objectContaining(told) as Error);
      expect(check(headersFor({}, NOW + aheadMs, FOREIGN))).toThrow(refused);
      expect(met).toEqual([aheadMs]);
    }
  });

  const signature = sign(NEW, 'msg_1', NOW, BODY);
  it.each([
    ['no id', { id: undefined }],
    ['no time', { timestamp: undefined }],
    ['no signature', { signature: undefined }],
    ['an empty signature', { signature: '' }],
    ['another id', { id: 'msg_2', signature }],
    ['an id with a dot', { id: 'msg.1', signature: sign(NEW, 'msg.1', NOW, BODY) }],
    ['an endless id', { id: 'x'.repeat(300), signature: sign(NEW, 'x'.repeat(300), NOW, BODY) }],
    ['another time', { timestamp: String(NOW / 1_000 - 1) }],
    ['a time that is no number', { timestamp: '0x10' }],
    ['a time that was not signed', { timestamp: String(NOW) }],
    ['a secret of somebody else', { signature: sign(FOREIGN, 'msg_1', NOW, BODY) }],
    ['the signature under another version', { signature: signature.replace('v1,', 'v1a,') }],
    ['the bare signature', { signature: signature.slice('v1,'.length) }],
    ['a cut signature', { signature: signature.slice(0, 20) }],
    ['a longer signature', { signature: `${signature.replace(/=+$/, '')}AAAA` }],
    ['signatures without end', { signature: `${'v1,AAAA '.repeat(2_000)}${signature}` }],
  ])('is refused with %s, and always in the same words', (_name, change: Partial<WebhookHeaders>) => {
    const headers = { ...headersFor(), ...change };
    expect(() => verify(headers)).toThrow(refused);
    expect(() => verify(headers)).toThrow('The signature is not valid.');
  });

  it('is refused with a body that differs in one bit', () => {
    fc.assert(
      fc.property(fc.nat(BODY.length * 8 - 1), (bit) => {
        const body = Uint8Array.from(BODY);
        body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => verify(headersFor(), body)).toThrow(refused);
      }),
    );
  });
});

describe('a webhook secret', () => {
  it('is whsec_ and base64 of 24 to 64 random bytes', () => {
    expect(bytesOf(NEW)).toEqual(text('a newer secret of this system, 22'));
    const of = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString('base64')}`;
    const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index);
    expect(parseWebhookSecret(of(counting(24)))).toEqual(counting(24));
    for (const bad of [
      of(counting(23)),
      of(counting(65)),
      of(new Uint8Array(32)),
      NEW.slice(6),
      `${NEW}!`,
      '',
    ]) {
      expect(parseWebhookSecret(bad)).toBeUndefined();
    }
  });
});
