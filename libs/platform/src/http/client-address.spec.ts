import { type AddressedRequest, clientAddress } from './client-address';

const request = (remoteAddress: string, forwardedFor?: string): AddressedRequest => ({
  headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  socket: { remoteAddress },
});

describe("a client's address", () => {
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
    ['may be IPv6', ['uniquelocal'], 'fd00::1', '2001:db8::1', '2001:db8::1'],
  ])('%s', (_what, proxies, peer, forwardedFor, expected) => {
    expect(clientAddress(proxies)(request(peer, forwardedFor)).address).toBe(expected);
  });
});
