// The rules: reference "aws-serverless" 1.1 and 1.2, the deviations of serverless-offline in 7.
import { describe, expect, it } from 'vitest';
import { buildFunctionUrlEvent, type UrlRequest } from '../../../infra/local/function-url-event.ts';

const request = (change: Partial<UrlRequest> = {}): UrlRequest => ({
  method: 'POST',
  target: '',
  rawHeaders: ['Host', 'localhost:3001', 'User-Agent', 'Mozilla/4.0'],
  body: Buffer.alloc(0),
  sourceIp: '127.0.0.1',
  port: 3001,
  now: new Date('2026-11-20T23:01:06.007Z'),
  requestId: '0b5c9a2e-1111-4222-8333-444455556666',
  ...change,
});

const withBody = (body: Buffer, contentType?: string) => {
  const rawHeaders = contentType === undefined ? [] : ['Content-Type', contentType];
  return buildFunctionUrlEvent(request({ body, rawHeaders }));
};

describe('the event of a function URL: body', () => {
  it.each([
    'text/xml',
    'text/plain',
    'text/xml; charset=utf-8',
    'application/json',
    'application/json;charset=UTF-8',
    'Application/JSON',
    'application/xml',
    'application/javascript',
  ])('encodes %s as text', (contentType) => {
    const event = withBody(Buffer.from('<xml>微信</xml>'), contentType);
    expect(event).toMatchObject({ body: '<xml>微信</xml>', isBase64Encoded: false });
  });

  it.each([
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    'application/problem+json',
    'application/soap+xml',
    'multipart/form-data; boundary=x',
    'image/png',
    'application/jsonp',
    undefined,
  ])('encodes %s in base64', (contentType) => {
    const event = withBody(Buffer.from('a=1&b=2'), contentType);
    expect(event).toMatchObject({ body: Buffer.from('a=1&b=2').toString('base64'), isBase64Encoded: true });
  });

  it('adds no content type', () => {
    expect(withBody(Buffer.from('x')).headers).not.toHaveProperty('content-type');
  });

  it('keeps every byte of a binary body', () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const event = withBody(bytes, 'application/octet-stream');
    expect(Buffer.from(event.body ?? '', 'base64')).toEqual(bytes);
  });

  it('has no body when none was sent', () => {
    const event = withBody(Buffer.alloc(0), 'application/x-www-form-urlencoded');
    expect(event).not.toHaveProperty('body');
    expect(event.isBase64Encoded).toBe(false);
  });
});

describe('the event of a function URL: path and query', () => {
  it.each([
    ['', '/', ''],
    ['?a=1', '/', 'a=1'],
    ['/', '/', ''],
    ['/x%2Fy/%E5%BE%AE?z', '/x%2Fy/%E5%BE%AE', 'z'],
    ['?', '/', ''],
    ['?a=b?c', '/', 'a=b?c'],
  ])('%s has path %s and query %s, not decoded', (target, rawPath, rawQueryString) => {
    const event = buildFunctionUrlEvent(request({ target }));
    expect(event).toMatchObject({ rawPath, rawQueryString, requestContext: { http: { path: rawPath } } });
  });

  it('contains the query verbatim and decoded', () => {
    const event = buildFunctionUrlEvent(request({ target: '?echostr=a%20b+c%2B&n=1&n=2&e=' }));
    expect(event.rawQueryString).toBe('echostr=a%20b+c%2B&n=1&n=2&e=');
    expect(event.queryStringParameters).toEqual({ echostr: 'a b c+', n: '1,2', e: '' });
  });

  it('has no parameters without a query', () => {
    expect(buildFunctionUrlEvent(request())).not.toHaveProperty('queryStringParameters');
  });
});

describe('the event of a function URL: headers', () => {
  it('are in lower case, and repeated headers are joined with a comma', () => {
    const rawHeaders = ['X-Thing', 'a', 'Wechatpay-Serial', 'ABC', 'x-thing', 'b'];
    const { headers } = buildFunctionUrlEvent(request({ rawHeaders }));
    expect(headers).toMatchObject({ 'x-thing': 'a,b', 'wechatpay-serial': 'ABC' });
  });

  it('contain the headers that AWS adds, and no connection headers', () => {
    const rawHeaders = ['Host', 'localhost:3001', 'Connection', 'keep-alive', 'Transfer-Encoding', 'chunked'];
    expect(buildFunctionUrlEvent(request({ rawHeaders })).headers).toEqual({
      host: 'localhost:3001',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': '3001',
      'x-forwarded-proto': 'http',
      'x-amzn-trace-id': 'Root=1-6b00d132-0b5c9a2e1111422283334444',
    });
  });

  it('put the real address behind the address that the client claims', () => {
    const { headers } = buildFunctionUrlEvent(request({ rawHeaders: ['X-Forwarded-For', '1.2.3.4'] }));
    expect(headers['x-forwarded-for']).toBe('1.2.3.4, 127.0.0.1');
  });

  it('move the cookies to the field `cookies`, which is absent without cookies', () => {
    const event = buildFunctionUrlEvent(request({ rawHeaders: ['Cookie', 'a=1; b=2', 'Cookie', 'c=3'] }));
    expect(event.cookies).toEqual(['a=1', 'b=2', 'c=3']);
    expect(buildFunctionUrlEvent(request())).not.toHaveProperty('cookies');
  });
});

it('contains the address of the client, the method and the time', () => {
  expect(buildFunctionUrlEvent(request({ method: 'GET', target: '/x' }))).toMatchObject({
    version: '2.0',
    routeKey: '$default',
    requestContext: {
      accountId: 'anonymous',
      domainName: 'localhost',
      domainPrefix: 'localhost',
      http: { method: 'GET', path: '/x', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'Mozilla/4.0' },
      requestId: '0b5c9a2e-1111-4222-8333-444455556666',
      routeKey: '$default',
      stage: '$default',
      time: '20/Nov/2026:23:01:06 +0000',
      timeEpoch: 1_795_215_666_007,
    },
  });
});
