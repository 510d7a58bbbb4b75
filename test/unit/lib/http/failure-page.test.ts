import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../../../lib/core/errors.ts';
import { STATUS } from '../../../../lib/http/error-response.ts';
import { failurePage } from '../../../../lib/http/failure-page.ts';

const page = (code: ErrorCode, { back = 'https://a.example/', requestId = 'req-1', retryAfterSeconds = 0 } = {}) =>
  failurePage(
    { status: STATUS[code], code, message: 'a secret message', ...(retryAfterSeconds && { retryAfterSeconds }) },
    { back, requestId },
  );

describe('failurePage', () => {
  it.each(Object.keys(STATUS) as ErrorCode[])('shows %s in Chinese and English with the status of the code', (code) => {
    const { statusCode, headers, cookies, body = '' } = page(code);
    expect({ statusCode, cookies }).toEqual({ statusCode: STATUS[code], cookies: undefined });
    expect(headers!['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toMatch(/<h1>\p{Script=Han}+<\/h1>/u);
    expect(body).toMatch(/<h2>[A-Z][\w ]+<\/h2>/);
    expect(body).toContain(`<code>${code}</code>`);
    expect(body).toContain('<code>req-1</code>');
    expect(body).not.toContain('a secret message');
  });

  it('permits its own style and nothing else', () => {
    const { headers, body = '' } = page('FORBIDDEN');
    const style = createHash('sha256')
      .update(/<style>(.*)<\/style>/s.exec(body)![1]!)
      .digest('base64');
    expect(headers!['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(body).not.toMatch(/<script|<img|<link|<iframe|<form|\bstyle=|\bon\w+=|http-equiv|url\(|@import|src=/i);
  });

  it('is neither stored nor sniffed, and its address reaches no other site', () => {
    expect(page('FORBIDDEN').headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });

  it('has Retry-After with RATE_LIMITED only', () => {
    expect(page('RATE_LIMITED', { retryAfterSeconds: 9 }).headers).toMatchObject({ 'retry-after': '9' });
    expect(page('FORBIDDEN').headers).not.toHaveProperty('retry-after');
  });

  it('escapes the address of the link', () => {
    const { body } = page('FORBIDDEN', { back: `https://a.example/?a=1&b="><script>alert('1')</script>` });
    expect(body).toContain('href="https://a.example/?a=1&#38;b=&#34;&#62;&#60;script&#62;alert(&#39;1&#39;)');
    expect(body).not.toContain('<script');
  });

  it('has no link when no address is known', () => {
    const failure = { status: 503, code: 'NOT_CONFIGURED', message: '' } as const;
    expect(failurePage(failure, { back: undefined, requestId: 'r' }).body).not.toContain('<a ');
  });
});
