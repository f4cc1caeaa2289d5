import { type AddressedRequest, clientAddress } from './client-address';

const request = (remoteAddress: string, forwardedFor?: string): AddressedRequest => ({
  headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  socket: { remoteAddress },
});

describe("a client's address (EDGE-8)", () => {
  it.each([
    ['is the peer itself when nobody is trusted', [], '10.0.0.1', '8.8.8.8', '10.0.0.1'],
    ['is not what an untrusted peer claims', ['loopback'], '10.0.0.1', '8.8.8.8', '10.0.0.1'],
    ['is what a trusted proxy tells', ['loopback'], '127.0.0.1', '8.8.8.8', '8.8.8.8'],
    [
      'is the last one that no trusted proxy told',
      ['loopback', '10.0.0.0/8'],
      '127.0.0.1',
      '1.1.1.1, 8.8.8.8, 10.1.1.1',
      '8.8.8.8',
    ],
    ['is the peer when a trusted proxy tells nothing', ['loopback'], '::1', undefined, '::1'],
    ['is the peer when a trusted proxy tells no address', ['loopback'], '127.0.0.1', 'x; drop', '127.0.0.1'],
    [
      'is found behind an IPv4 proxy on an IPv6 socket',
      ['192.0.2.7'],
      '::ffff:192.0.2.7',
      '8.8.8.8',
      '8.8.8.8',
    ],
    [
      'is not the first of a chain, which anybody can write himself',
      ['loopback'],
      '127.0.0.1',
      '10.0.0.1, 127.0.0.1, 203.0.113.9',
      '203.0.113.9',
    ],
    [
      'is not a trusted name behind an address that nobody trusts',
      ['loopback', '10.0.0.0/8'],
      '127.0.0.1',
      '10.0.0.5, 203.0.113.9, 10.0.0.6',
      '203.0.113.9',
    ],
    [
      'is an IPv4 address that an IPv6 proxy writes as one of its own',
      ['loopback'],
      '::1',
      '::ffff:203.0.113.9',
      '::ffff:203.0.113.9',
    ],
    [
      'is not believed of a peer that only looks like a trusted one',
      ['192.0.2.7'],
      '::ffff:192.0.2.70',
      '8.8.8.8',
      '::ffff:192.0.2.70',
    ],
    ['ends where a chain is no address any more', ['loopback'], '127.0.0.1', '8.8.8.8, unknown', '127.0.0.1'],
    ['may be IPv6', ['uniquelocal'], 'fd00::1', '2001:db8::1', '2001:db8::1'],
  ])('%s', (_what, proxies, peer, forwardedFor, expected) => {
    expect(clientAddress(proxies)(request(peer, forwardedFor)).address).toBe(expected);
  });

  it('is told by X-Forwarded-For alone: Forwarded, X-Real-IP and the like are what anybody may send', () => {
    const headers = {
      forwarded: 'for=8.8.8.8',
      'x-real-ip': '8.8.8.8',
      'x-client-ip': '8.8.8.8',
      'true-client-ip': '8.8.8.8',
      'cf-connecting-ip': '8.8.8.8',
    };
    const socket = { remoteAddress: '127.0.0.1' };
    expect(clientAddress(['loopback'])({ headers, socket })).toEqual({ address: '127.0.0.1', trusted: true });
  });
});
