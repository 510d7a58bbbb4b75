import { afterEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../../lib/core/errors.ts';
import { log, redact } from '../../../../lib/core/log.ts';

describe('redact', () => {
  it.each([
    'appSecret',
    'access_token',
    'session_key',
    'sessionKey',
    'code',
    'jsCode',
    'js_code',
    'authorization',
    'Cookie',
    'ticket',
    'pollToken',
    'phone',
    'PAY_API_V3_KEY',
    'signature',
    'encryptedData',
    'iv',
  ])('hides the value of %s at any depth', (name) => {
    expect(redact({ [name]: 'v-4711', nested: [{ [name]: { deep: 'v-4711' } }] })).not.toContain('v-4711');
  });

  it('shortens openids and unionids', () => {
    expect(redact({ openId: 'oGZUI0egBJY1zhBYw2KhdUfwVJJE' })).toBe('{"openId":"oGZU…JJE"}');
    expect(redact({ openId: 'short' })).toBe('{"openId":"…"}');
  });

  it('hides keys, tokens and query secrets inside text, also in the message and cause of an error', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----';
    const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.c2ln';
    const cause = new Error(`GET /x?access_token=abc123&a=1 failed with ${jwt}`);
    const line = redact({ note: pem, error: new AppError('INTERNAL', 'secret=s3cr3t', { cause }) });
    for (const secret of ['MIIE', 'abc123', 's3cr3t', 'eyJhbGci']) expect(line).not.toContain(secret);
    expect(line).toContain('a=1');
  });

  it('hides secrets in JSON inside text, openids and phone numbers', () => {
    const note = 'got {"access_token":"abc123"} for openid=oGZUI0egBJY1zhBYw2KhdUfwVJJE, call 13800138000';
    expect(redact({ note })).toBe('{"note":"got {\\"access_token\\":\\"[hidden]\\"} for openid=o…JJE, call [phone]"}');
  });

  it('returns a line with `unloggable` for fields that cannot be serialised', () => {
    const circle: Record<string, unknown> = { count: 1n };
    expect(redact({ evt: 'x', circle })).toContain('"count":"1"');
    circle['self'] = circle;
    expect(JSON.parse(redact({ evt: 'x', circle }))).toMatchObject({ evt: 'x', unloggable: expect.any(String) });
  });

  it('keeps error codes, order numbers and amounts', () => {
    const line = redact({
      evt: 'order.paid',
      outTradeNo: 'abc',
      amountFen: 1800,
      errcode: 40029,
      error: 'PARAM_ERROR',
    });
    expect(JSON.parse(line)).toEqual({
      evt: 'order.paid',
      outTradeNo: 'abc',
      amountFen: 1800,
      errcode: 40029,
      error: 'PARAM_ERROR',
    });
  });
});

describe('log', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it.each([
    ['a line of JSON by default', '', '{"evt":"order.paid","amountFen":1800,"token":"[hidden]"}'],
    ['an object where Lambda writes JSON', 'JSON', { evt: 'order.paid', amountFen: 1800, token: '[hidden]' }],
  ])('writes %s', (_, format, written) => {
    vi.stubEnv('AWS_LAMBDA_LOG_FORMAT', format);
    const info = vi.spyOn(console, 'info').mockReturnValue();
    log.info('order.paid', { amountFen: 1800, token: 't' });
    expect(info).toHaveBeenCalledWith(written);
  });
});
