import { isIPv4, isIPv6 } from 'node:net';

/** A group of addresses that count together. Its limits are `factor` times those of one address. */
export interface Network {
  name: string;
  factor: number;
}

/**
 * A provider gives one customer a /64, a /56 or, rarely, a /48. The factors leave room for the neighbours of a /64 in
 * its /56, and for those of a /56 in its /48.
 */
const FACTOR_OF_56 = 4;
const FACTOR_OF_48 = 32;

/**
 * Returns the networks under which an address is counted: an IPv4 address itself, also when it is mapped to IPv6; the
 * /64, the /56 and the /48 of an IPv6 address. All texts that are no address count together.
 */
export function networksOf(address: string): Network[] {
  if (isIPv4(address)) return [{ name: address, factor: 1 }];
  if (!isIPv6(address)) return [{ name: 'no-address', factor: 1 }];
  const groups = groupsOf(address);
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return [{ name: dotted(groups[6]!, groups[7]!), factor: 1 }];
  const of48 = groups.slice(0, 3).join(':');
  const subnet = Number.parseInt(groups[3]!, 16);
  return [
    { name: `${of48}:${groups[3]}::/64`, factor: 1 },
    { name: `${of48}:${(subnet & 0xff00).toString(16)}::/56`, factor: FACTOR_OF_56 },
    { name: `${of48}::/48`, factor: FACTOR_OF_48 },
  ];
}

/** Returns the eight groups of an IPv6 address in hex, without leading zeros. */
function groupsOf(address: string): string[] {
  const [withoutZone] = address.split('%');
  // The URL parser gives every spelling of an address the same text.
  const text = new URL(`http://[${withoutZone}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = text.split('::').map((half) => half.split(':').filter(Boolean));
  return [...head, ...Array<string>(8 - head.length - tail.length).fill('0'), ...tail];
}

/** Formats the last two groups of a mapped address as an IPv4 address. */
function dotted(high: string, low: string): string {
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [a >> 8, a & 255, b >> 8, b & 255].join('.');
}
