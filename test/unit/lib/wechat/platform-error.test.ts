import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it, vi } from 'vitest';
import { messageForOperator } from '../../../../lib/core/wechat-words.ts';
import { platformError, PlatformError } from '../../../../lib/wechat/platform-error.ts';
import { cdata } from '../../../../lib/core/cdata.ts';
import { parseXml } from '../../../../lib/wechat/xml.ts';

const CODES = {
  WECHAT_CODE_INVALID: [40029, 40030, 40163, 41008, 42002, 42003, 42007, 87007, 87009],
  WECHAT_USER_BLOCKED: [40226],
  RATE_LIMITED: [44991, 45009, 45011, 48006],
  WECHAT_CONFIG: [
    40013, 40037, 40125, 40164, 40165, 40243, 41002, 41004, 41030, 43107, 43116, 45035, 48001, 48004, 48017, 50001,
    50002, 50004, 50007, 61004, 89501, 89502, 89503, 89504, 89505, 89506, 89507,
  ],
  // Faults of this service, token errors, errors that only one call expects, and unknown codes.
  WECHAT_UNAVAILABLE: [-1, 40001, 40002, 40003, 40014, 40033, 40097, 42001, 43004, 43101, 47001, 47003, 87008, 99999],
};

describe('platformError', () => {
  it.each(Object.entries(CODES).flatMap(([code, errcodes]) => errcodes.map((errcode) => ({ errcode, code }))))(
    'maps errcode $errcode to $code',
    ({ errcode, code }) => {
      const error = platformError('MINIAPP', new PlatformError(errcode, ''));
      expect(error).toMatchObject({ code });
      expect(error.message).not.toMatch(/[{}]/);
    },
  );

  it.each([40164, 61004, 45035])('names the IP address to allow for errcode %i', (errcode) => {
    const cause = new PlatformError(errcode, 'invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 65-aa-bb');
    expect(platformError('OFFICIAL', cause).message).toBe(
      'The IP address 1.2.3.4 is not on the WeChat allowlist of OFFICIAL_APP_ID',
    );
  });

  it.each([
    ['invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 65-aa-bb', '1.2.3.4'],
    ['invalid ip 1.2.3.4, not in whitelist hint: [jotvMa01143580]', '1.2.3.4'],
    ['invalid ip 2408:8756:4c50:1a00::29, not in whitelist rid: 658cff8e-7783352d-44cb33e5', '2408:8756:4c50:1a00::29'],
    ['invalid ip 2408:8756:4c50:1a00::29 ipv6 2408:8756:4c50:1a00::29, not in whitelist', '2408:8756:4c50:1a00::29'],
    ['invalid ip 240e:3b7:ABCD:0:1:2:3:4, not in whitelist', '240e:3b7:ABCD:0:1:2:3:4'],
    ['invalid ip ::ffff:1.2.3.4, not in whitelist', '1.2.3.4'],
    ['invalid ip, not in whitelist rid: 658cff8e-7783352d-44cb33e5', 'of this server'],
  ])('reads the IP address from "%s": %s', (errmsg, address) => {
    expect(platformError('OFFICIAL', new PlatformError(40164, errmsg)).message).toContain(
      `The IP address ${address} is not`,
    );
  });

  it.each([
    [40125, 'MINIAPP_APP_SECRET'],
    [40037, 'copy the id from the console'],
    [41030, 'set MINIAPP_ENV_VERSION to trial'],
    [48001, 'check verification'],
    [89503, 'must confirm the IP address'],
    [89506, 'rejected'],
  ])('describes the remedy for errcode %i', (errcode, hint) => {
    expect(platformError('MINIAPP', new PlatformError(errcode, '')).message).toContain(hint);
  });

  it('sets retryAfterSeconds for rate limits', () => {
    const wait = (errcode: number) => platformError('MINIAPP', new PlatformError(errcode, '')).retryAfterSeconds;
    expect([45011, 45009].map(wait)).toEqual([60, 3_600]);
  });

  it("keeps WeChat's message with its trace id, for logs and operators", () => {
    const error = new PlatformError(40013, 'invalid appid rid: 658cff8e-7783352d-44cb33e5');
    expect(error.message).toBe('errcode 40013: invalid appid rid: 658cff8e-7783352d-44cb33e5');
    expect(messageForOperator(platformError('MINIAPP', error))).toMatch(/WeChat: invalid appid rid: 658cff8e/);
    expect(platformError('MINIAPP', error).message).not.toContain('rid');
  });

  it("keeps no token and no openid of WeChat's message", () => {
    const openId = `o${'A'.repeat(27)}`;
    const error = new PlatformError(40001, `invalid credential, access_token=secret-token, openid ${openId}`);
    expect(error.message).not.toMatch(/secret-token|AAAA/);
  });
});

describe('parseXml and cdata', () => {
  const wrap = (inside: string) => `<xml><Content>${inside}</Content></xml>`;

  it('accept declarations inside a CDATA text', () => {
    const text = '网页第一行为什么要写 <!DOCTYPE html> 和 <!-- 注释 --> ?';
    expect(parseXml(wrap(cdata(text)))).toEqual({ Content: text });
  });

  it.each([
    '<!DOCTYPE xml [<!ENTITY e "x">]><xml><a>&e;</a></xml>',
    '<xml><!ENTITY e SYSTEM "file:///etc/passwd"><a>1</a></xml>',
    '<xml><!-- <![CDATA[ --><!DOCTYPE x><!-- ]]> --><a>1</a></xml>',
    '<xml><a b="<![CDATA[">1</a><!DOCTYPE x><c d="]]>">1</c></xml>',
    '<xml><!doctype x><a>1</a></xml>',
    '<xml><![cdata[x]]></xml>',
    '<xml><a b="> <![CDATA[">1</a><!DOCTYPE x [<!ENTITY e "v">]><c d="]]>">&e;</c></xml>',
    '<xml><?a > <![CDATA[ ?><!DOCTYPE x [<!ENTITY e "v">]><b>&e;</b><?a ]]> ?></xml>',
    '<?xml a="?><![CDATA["?><!DOCTYPE x [<!ENTITY e "v">]><xml><b>&e;]]>&e;</b></xml>',
  ])('reject %s', (xml) => {
    expect(() => parseXml(xml)).toThrow(expect.objectContaining({ code: 'PARAM_ERROR' }));
  });

  it('accept the XML declaration', () => {
    expect(parseXml('<?xml version="1.0" encoding="UTF-8"?>\n<xml><a>1</a></xml>')).toEqual({ a: '1' });
  });

  it.each([
    ['an unclosed CDATA section', '<![CDATA[>'.repeat(6_000)],
    ['an unclosed tag', '<xml><a'],
  ])('reject %s without a call of the parser, so that one pass reads any message', (_, xml) => {
    const parse = vi.spyOn(XMLParser.prototype, 'parse');
    expect(() => parseXml(xml)).toThrow(expect.objectContaining({ code: 'PARAM_ERROR' }));
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  it('keep a text with ]]> inside its element', () => {
    const text = 'a]]></Content><MsgType>x</MsgType><![CDATA[';
    expect(parseXml(`<xml><Content>${cdata(text)}</Content></xml>`)).toEqual({ Content: text });
  });

  it('drop characters that XML does not allow', () => {
    expect(cdata('a\u0000b\u000Bc\uFFFEd\uD800e😀\n')).toBe('<![CDATA[abcde😀\n]]>');
  });
});
