import { describe, expect, it } from 'vitest';
import { payFailure, textAnswer } from '../../../../lib/http/webhook.ts';

describe('answers to WeChat', () => {
  it('forbid browsers to guess the content type, because they may contain text of the request', () => {
    const nosniff = { 'x-content-type-options': 'nosniff' };
    expect(textAnswer(200, '<script>').headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      ...nosniff,
    });
    expect(payFailure({ status: 403, code: 'FORBIDDEN', message: 'm' }).headers).toMatchObject(nosniff);
  });
});
