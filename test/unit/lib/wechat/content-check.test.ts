import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../lib/core/errors.ts';
import { checkPictureAtWechat, checkTextAtWechat, type TextToCheck } from '../../../../lib/wechat/content-check.ts';
import { access, wechat } from './scripted-wechat.ts';

// The answers of version 2. Sources: the example of api_msgseccheck.md, and the event in the tests of
// JeffreySu/WeiXinMPSDK at bf70d143, src/Senparc.Weixin.WxOpen/src/Senparc.Weixin.WxOpen.Tests/MessageHandlers/
// MessageHandlerTests.cs, whose `detail` and `result` have the same form. The request of a picture agrees with
// fudiwei/DotNetCore.SKIT.FlurlHttpClient.Wechat at 120315f9, Models/Wxa/Security/WxaMediaCheckRequest.cs.
const PASSED =
  '{"errcode":0,"errmsg":"ok","detail":[{"strategy":"keyword","errcode":0},{"strategy":"content_model","errcode":0,' +
  '"suggest":"pass","label":100,"prob":90}],"trace_id":"689cadcd-1957d810-20bdb7c8","result":{"suggest":"pass","label":100}}';
const RISKY =
  '{"errcode":0,"errmsg":"ok","detail":[{"strategy":"content_model","errcode":0,"suggest":"risky","label":20003,' +
  '"prob":90}],"trace_id":"689cadcd-1957d810-20bdb7c9","result":{"suggest":"risky","label":20003}}';

describe('checkTextAtWechat', () => {
  const text: TextToCheck = { openId: 'o_1', scene: 'comment', content: '你好' };
  const check = (world: ReturnType<typeof wechat>, change: Partial<TextToCheck> = {}) =>
    checkTextAtWechat(world.deps, { ...access, text: { ...text, ...change } });

  it('sends version 2 with the number of the scene, in unescaped UTF-8', async () => {
    const world = wechat(PASSED);
    await check(world, { scene: 'profile', nickname: '李雷' });
    expect(String(world.sent[0]!.url)).toBe('http://api/wxa/msg_sec_check?access_token=T');
    expect(world.sent[0]!.body).toContain('"content":"你好"');
    expect(world.bodyOf(0)).toEqual({ version: 2, openid: 'o_1', scene: 1, content: '你好', nickname: '李雷' });
  });

  it.each([
    ['profile', 1],
    ['comment', 2],
    ['forum', 3],
    ['social-log', 4],
  ] as const)('sends the scene %s as %i', async (scene, number) => {
    const world = wechat(PASSED);
    await check(world, { scene });
    expect(world.bodyOf(0)).toMatchObject({ scene: number });
  });

  it('sends control characters and lone surrogates in a form without escapes', async () => {
    const world = wechat(PASSED);
    await check(world, { content: 'a\u0007b\nc\uD83C', nickname: 'x\u0000' });
    expect(world.bodyOf(0)).toMatchObject({ content: 'a b c\uFFFD', nickname: 'x ' });
    expect(world.sent[0]!.body).not.toContain('\\u');
  });

  it.each([
    ['pass', PASSED, { suggest: 'pass', label: '100' }],
    ['risky', RISKY, { suggest: 'risky', label: '20003' }],
    ['review', PASSED.replaceAll('"suggest":"pass"', '"suggest":"review"'), { suggest: 'review', label: '100' }],
  ])('returns the verdict %s of the result', async (_, answer, verdict) => {
    await expect(check(wechat(answer))).resolves.toEqual({ outcome: 'checked', ...verdict });
  });

  it('lets the result decide, and not an entry of the detail', async () => {
    const answer = '{"errcode":0,"detail":[{"errcode":0,"suggest":"risky"}],"result":{"suggest":"pass","label":100}}';
    await expect(check(wechat(answer))).resolves.toMatchObject({ suggest: 'pass' });
  });

  it.each([
    ['an unknown verdict', '{"errcode":0,"result":{"suggest":"maybe","label":100}}'],
    ['no result', '{"errcode":0,"detail":[{"errcode":0,"suggest":"pass"}]}'],
    [
      'a pass that no check of the detail supports',
      '{"errcode":0,"detail":[{"strategy":"content_model","errcode":-1004}],"result":{"suggest":"pass","label":100}}',
    ],
  ])('returns review for %s', async (_, answer) => {
    await expect(check(wechat(answer))).resolves.toMatchObject({ suggest: 'review' });
  });

  it('returns risky for the error of version 1', async () => {
    await expect(check(wechat(87014))).resolves.toMatchObject({ outcome: 'checked', suggest: 'risky' });
  });

  it.each([
    [61010, 'not-seen'],
    [40003, 'unchecked'],
    [43104, 'unchecked'],
  ])('returns the outcome of errcode %i: %s', async (errcode, outcome) => {
    await expect(check(wechat(errcode))).resolves.toEqual({ outcome });
  });

  it.each([
    [44991, 'RATE_LIMITED'],
    [45009, 'RATE_LIMITED'],
    [45011, 'RATE_LIMITED'],
    [48001, 'WECHAT_CONFIG'],
    [44002, 'WECHAT_UNAVAILABLE'],
  ])('throws the error of errcode %i: %s', async (errcode, code) => {
    await expect(check(wechat(errcode))).rejects.toMatchObject({ code });
  });

  it('accepts 2,500 characters, also of four bytes', async () => {
    await expect(check(wechat(PASSED), { content: '👍'.repeat(2_500) })).resolves.toMatchObject({ suggest: 'pass' });
  });

  it.each([
    ['an empty text', ''],
    ['a text of white space', ' \n\u3000'],
    ['a text of 2,501 characters', '字'.repeat(2_501)],
  ])('rejects %s without a call', async (_, content) => {
    const world = wechat(PASSED);
    await expect(check(world, { content })).rejects.toSatisfy(
      (error) => error instanceof AppError && error.code === 'PARAM_ERROR' && error.message.includes('2500'),
    );
    expect(world.sent).toEqual([]);
  });
});

describe('checkPictureAtWechat', () => {
  const picture = { openId: 'o_1', scene: 'profile', url: 'https://api.example.com/uploads/a.png' } as const;
  const check = (world: ReturnType<typeof wechat>) => checkPictureAtWechat(world.deps, { ...access, picture });

  it('sends one picture with version 2, and returns the trace', async () => {
    const world = wechat('{"errcode":0,"errmsg":"ok","trace_id":"62f11967-2b24d27a-34715985"}');
    await expect(check(world)).resolves.toEqual({ outcome: 'accepted', traceId: '62f11967-2b24d27a-34715985' });
    expect(String(world.sent[0]!.url)).toBe('http://api/wxa/media_check_async?access_token=T');
    expect(world.bodyOf(0)).toEqual({ media_url: picture.url, media_type: 2, version: 2, scene: 1, openid: 'o_1' });
  });

  it.each([
    [61010, 'not-seen'],
    [40003, 'unchecked'],
    [43104, 'unchecked'],
  ])('returns the outcome of errcode %i: %s', async (errcode, outcome) => {
    await expect(check(wechat(errcode))).resolves.toEqual({ outcome });
  });

  it('throws WECHAT_UNAVAILABLE for an answer without a trace', async () => {
    await expect(check(wechat(0))).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });
});
