import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

/**
 * The sender of a request. `address` is an IP address; `place` is the city or the country for display, null when it is
 * unknown.
 */
interface Client {
  address: string;
  place: string | null;
}

/** The parts of a request that name its sender. Header names are lower case. */
export interface ClientFacts {
  /** The address of the TCP connection, as the gateway reports it. */
  sourceAddress: string;
  headers: Record<string, string | undefined>;
}

export type ClientReader = (facts: ClientFacts) => Client;

const MAX_PLACE_LENGTH = 64;

/**
 * Returns a reader of the sender of a request. The reader accepts the headers of CloudFront if the request contains the
 * secret that only the distribution adds. All other requests come from their source address.
 * @param originSecret absent: no proxy is trusted
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
 */
export function clientReader(originSecret?: string): ClientReader {
  return ({ sourceAddress, headers }) => {
    if (originSecret === undefined || !isSame(headers['x-origin-secret'], originSecret)) {
      return { address: sourceAddress, place: null };
    }
    return { address: viewerAddress(headers) ?? sourceAddress, place: viewerPlace(headers) };
  };
}

/** Compares in constant time. */
function isSame(sent: string | undefined, expected: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(sent ?? ''), hash(expected));
}

/** Returns the address of `ip:port`. CloudFront writes IPv6 without brackets, so the last colon begins the port. */
function viewerAddress(headers: ClientFacts['headers']): string | undefined {
  const [, address = ''] = /^(.+):\d+$/.exec(headers['cloudfront-viewer-address'] ?? '') ?? [];
  return isIP(address) ? address : undefined;
}

function viewerPlace(headers: ClientFacts['headers']): string | null {
  const names = ['city', 'country-name', 'country'].map((part) => decode(headers[`cloudfront-viewer-${part}`] ?? ''));
  return names.find((name) => name !== '')?.slice(0, MAX_PLACE_LENGTH) ?? null;
}

/** Decodes percent-encoded text. Returns an empty text for an invalid encoding. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text).trim();
  } catch {
    return '';
  }
}
