import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** What of an incoming request tells where it comes from. */
export interface AddressedRequest {
  readonly headers: IncomingMessage['headers'];
  readonly socket: { readonly remoteAddress?: string | undefined };
}

export interface Client {
  /** IP address. */
  readonly address: string;
  /** True when the connection itself comes from a trusted proxy. */
  readonly trusted: boolean;
}

/** The networks that the names of TRUSTED_PROXIES stand for, as in Fastify's own resolution. */
const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.1/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/**
 * Tells the client's address of a request that Fastify never sees: the last one in X-Forwarded-For that no trusted proxy
 * stands behind. A header that comes from anybody else is not looked at.
 */
export function clientAddress(trustedProxies: readonly string[]): (request: AddressedRequest) => Client {
  const trusts = trustedAddresses(trustedProxies);
  return ({ headers, socket }) => {
    const peer = socket.remoteAddress ?? 'unknown';
    if (!trusts(peer)) return { address: peer, trusted: false };
    const claimed = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((part) => part.trim());
    let address = peer;
    for (const next of claimed.reverse()) {
      if (isIP(next) === 0) break;
      address = next;
      if (!trusts(next)) break;
    }
    return { address, trusted: true };
  };
}

/** Tells whether an address is one of these: addresses, CIDR blocks, or names of networks. */
export function trustedAddresses(entries: readonly string[]): (address: string) => boolean {
  const trusted = new BlockList();
  for (const entry of entries.flatMap((name) => NAMED[name.toLowerCase()] ?? [name])) add(trusted, entry);
  return (address) => {
    const plain = unmapped(address);
    return isIP(plain) !== 0 && trusted.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
  };
}

function add(list: BlockList, entry: string): void {
  const [address = '', bits] = entry.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

/** `::ffff:192.0.2.1` is an IPv4 address in a socket that takes both. */
function unmapped(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}
