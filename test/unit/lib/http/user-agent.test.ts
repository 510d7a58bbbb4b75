import { describe, expect, it } from 'vitest';
import { describeBrowser } from '../../../../lib/http/user-agent.ts';

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const WINDOWS = `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`;
const ANDROID = `Mozilla/5.0 (Linux; Android 15; Pixel 9) ${WEBKIT}`;
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)';
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)';

describe('describeBrowser', () => {
  it.each([
    [WINDOWS, 'Chrome · Windows'],
    [`${WINDOWS} Edg/142.0.0.0`, 'Edge · Windows'],
    [`${WINDOWS} OPR/124.0.0.0`, 'Opera · Windows'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0', 'Firefox · Windows'],
    [`${MAC} Version/18.6 Safari/605.1.15`, 'Safari · macOS'],
    [`Mozilla/5.0 (X11; Linux x86_64) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`, 'Chrome · Linux'],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/142.0.0.0 Safari/537.36`, 'Chrome · ChromeOS'],
    [`${IPHONE} Version/18.6 Mobile/15E148 Safari/604.1`, 'Safari · iOS'],
    [`${IPHONE} CriOS/142.0.0.0 Mobile/15E148 Safari/604.1`, 'Chrome · iOS'],
    [`${IPHONE} Mobile/15E148 MicroMessenger/8.0.60(0x18003c2f) NetType/WIFI Language/zh_CN`, 'WeChat · iOS'],
    [`${ANDROID} Chrome/142.0.0.0 Mobile Safari/537.36`, 'Chrome · Android'],
    [`${ANDROID} Version/4.0 Chrome/116.0 MQQBrowser/15.6 Mobile Safari/537.36`, 'QQ Browser · Android'],
    [`${ANDROID} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36`, 'Samsung Internet · Android'],
    ['Windows NT 10.0', 'Windows'],
    ['Firefox/145.0', 'Firefox'],
  ])('describes %s as %s', (userAgent, description) => {
    expect(describeBrowser(userAgent)).toBe(description);
  });

  it.each(['', 'curl/8.5.0', '您的银行', '<a href="https://evil.example">确认登录</a>'])(
    'returns null for %j, so that a client cannot choose the text',
    (userAgent) => {
      expect(describeBrowser(userAgent)).toBeNull();
    },
  );
});
