import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clientReader } from '../../../../lib/http/client.ts';

const SECRET = 'an-origin-secret-of-32-characters';
const EDGE = '130.176.0.1';
const VIEWER = {
  'x-origin-secret': SECRET,
  'cloudfront-viewer-address': '198.51.100.10:46532',
  'cloudfront-viewer-city': 'Hangzhou',
  'cloudfront-viewer-country-name': 'China',
  'cloudfront-viewer-country': 'CN',
};
type Headers = Record<string, string | undefined>;

const behindProxy = clientReader(SECRET);
const read = (change: Headers, reader = behindProxy) =>
  reader({ sourceAddress: EDGE, headers: { ...VIEWER, ...change } });

describe('clientReader', () => {
  it('returns the address and the city of the viewer for a request with the secret', () => {
    expect(read({})).toEqual({ address: '198.51.100.10', place: 'Hangzhou' });
  });

  it.each<[string, Headers]>([
    ['no secret', { 'x-origin-secret': undefined }],
    ['an empty secret', { 'x-origin-secret': '' }],
    ['a wrong secret', { 'x-origin-secret': 'wrong' }],
    ['the beginning of the secret', { 'x-origin-secret': SECRET.slice(0, -1) }],
    ['the secret and more', { 'x-origin-secret': `${SECRET}x` }],
    ['the secret in capital letters', { 'x-origin-secret': SECRET.toUpperCase() }],
    ['the secret twice', { 'x-origin-secret': `${SECRET},${SECRET}` }],
  ])('returns the source address and no place for a request with %s', (_, change) => {
    expect(read(change)).toEqual({ address: EDGE, place: null });
  });

  it('never reads headers without a trusted proxy', () => {
    expect(read({ 'x-forwarded-for': '192.0.2.1' }, clientReader())).toEqual({ address: EDGE, place: null });
    expect(read({ 'x-origin-secret': undefined }, clientReader())).toEqual({ address: EDGE, place: null });
  });

  it('reads an IPv6 address without brackets, whose last colon begins the port', () => {
    expect(read({ 'cloudfront-viewer-address': '2001:db8::7:46532' }).address).toBe('2001:db8::7');
    expect(read({ 'cloudfront-viewer-address': '2001:db8:0:0:1:2:3:4:443' }).address).toBe('2001:db8:0:0:1:2:3:4');
  });

  it('returns every address of CloudFront unchanged', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (address, port) => {
        expect(read({ 'cloudfront-viewer-address': `${address}:${port}` }).address).toBe(address);
      }),
    );
  });

  it.each([undefined, '', '46532', 'unknown:1', '198.51.100.10', '198.51.100.10:port', '198.51.100.10:1, 10.0.0.1:2'])(
    'returns the source address for the viewer address %j',
    (value) => {
      expect(read({ 'cloudfront-viewer-address': value }).address).toBe(EDGE);
    },
  );

  it.each<[Headers, string | null]>([
    [{ 'cloudfront-viewer-city': '%E6%9D%AD%E5%B7%9E' }, '杭州'],
    [{ 'cloudfront-viewer-city': 'S%C3%A3o%20Paulo' }, 'São Paulo'],
    [{ 'cloudfront-viewer-city': undefined }, 'China'],
    [{ 'cloudfront-viewer-city': '%E6%9D' }, 'China'],
    [{ 'cloudfront-viewer-city': ' ', 'cloudfront-viewer-country-name': undefined }, 'CN'],
    [{ 'cloudfront-viewer-city': 'x'.repeat(500) }, 'x'.repeat(64)],
    [
      {
        'cloudfront-viewer-city': undefined,
        'cloudfront-viewer-country-name': undefined,
        'cloudfront-viewer-country': undefined,
      },
      null,
    ],
  ])('reads from %j the place %j', (change, place) => {
    expect(read(change).place).toBe(place);
  });
});
