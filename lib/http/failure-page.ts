import { createHash } from 'node:crypto';
import { retryAfter, type Failure } from './error-response.ts';
import { NO_SNIFF, type HttpResponse } from './response.ts';

interface Words {
  title: string;
  text: string;
}

/** The texts of the page: Chinese first, because most users of WeChat read Chinese. */
const TEXTS = {
  otherBrowser: {
    zh: { title: '登录没有完成', text: '登录已超时，或者不是在这个浏览器里发起的。请返回页面，重新登录。' },
    en: {
      title: 'Login not completed',
      text: 'The login has expired, or it did not start in this browser. Go back and log in again.',
    },
  },
  wrongLink: {
    zh: { title: '登录链接有误', text: '请返回页面，重新登录。如果仍然出现，请把下面的编号告诉网站的客服。' },
    en: {
      title: 'Invalid login link',
      text: 'Go back and log in again. If this page returns, report the number below to the site.',
    },
  },
  tooMany: {
    zh: { title: '登录过于频繁', text: '请稍等一分钟，再返回页面重新登录。' },
    en: { title: 'Too many logins', text: 'Wait a minute, then go back and log in again.' },
  },
  unavailable: {
    zh: { title: '暂时无法登录', text: '服务暂时不可用，请稍后返回页面重新登录。' },
    en: {
      title: 'Login is unavailable',
      text: 'The service is unavailable for now. Go back and log in again later.',
    },
  },
} satisfies Record<string, { zh: Words; en: Words }>;

// System fonts and no images, because the page must not load anything.
const STYLE = `
:root { color-scheme: light dark; --ink: #17211c; --soft: #55625b; --ground: #f1f4f2; --paper: #fff; --line: #d9dfdb; --green: #05713b; --on-green: #fff }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8edea; --soft: #a3b0a9; --ground: #111613; --paper: #1b221e; --line: #333d37; --green: #2fc97a; --on-green: #06150d }
}
* { box-sizing: border-box; margin: 0 }
html { -webkit-text-size-adjust: 100% }
body { min-height: 100vh; min-height: 100svh; padding: 24px 20px; display: flex; flex-direction: column; align-items: center; justify-content: center; background: var(--ground); color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "PingFang SC", "Noto Sans CJK SC", sans-serif }
main { width: 100%; max-width: 420px; padding: 28px 24px 24px; border: 1px solid var(--line); border-radius: 16px; background: var(--paper) }
h1 { font-size: 22px; line-height: 1.35 }
h1 + p { margin-top: 8px }
p { text-wrap: pretty }
section[lang=en] { margin-top: 20px; padding-top: 20px; border-top: 1px solid var(--line); color: var(--soft) }
h2 { font-size: 17px; line-height: 1.35; color: var(--ink) }
h2 + p { margin-top: 4px; font-size: 15px }
a { display: block; margin-top: 28px; padding: 12px 16px; border-radius: 10px; background: var(--green); color: var(--on-green); font-size: 17px; font-weight: 600; text-align: center; text-decoration: none }
a:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px }
footer { width: 100%; max-width: 420px; margin-top: 16px; padding: 0 8px; color: var(--soft); font-size: 12px; overflow-wrap: anywhere }
code { font: 11px/1.6 ui-monospace, Menlo, Consolas, monospace }
`;

/**
 * Returns the page that explains a failed login to a person. The page works without scripts and without any other
 * resource, and shows no text of the request.
 * @param back the address of the link; undefined for a page without a link
 */
export function failurePage(
  failure: Failure,
  { back, requestId }: { back: string | undefined; requestId: string },
): HttpResponse {
  const { zh, en } = textsOf(failure);
  const link = back === undefined ? '' : `<a href="${escapeHtml(back)}">返回 <span lang="en">Back</span></a>`;
  const body = `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<title>${zh.title} · ${en.title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${zh.title}</h1>
<p>${zh.text}</p>
<section lang="en">
<h2>${en.title}</h2>
<p>${en.text}</p>
</section>
${link}
</main>
<footer>错误 <span lang="en">Error</span> <code>${failure.code}</code><br>编号 <span lang="en">Request</span> <code>${escapeHtml(requestId)}</code></footer>
</body>
</html>
`;
  const headers = { 'content-type': 'text/html; charset=utf-8', ...headersOfPage(), ...retryAfter(failure) };
  return { statusCode: failure.status, headers, body };
}

function textsOf({ code, status }: Failure): { zh: Words; en: Words } {
  if (code === 'PARAM_ERROR') return TEXTS.wrongLink;
  if (code === 'RATE_LIMITED') return TEXTS.tooMany;
  return status >= 500 ? TEXTS.unavailable : TEXTS.otherBrowser;
}

/** Returns the headers of the page. No other site may receive its address, because the address contains a code of WeChat. */
function headersOfPage(): Record<string, string> {
  const style = createHash('sha256').update(STYLE).digest('base64');
  return {
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'sha256-${style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    'referrer-policy': 'no-referrer',
    ...NO_SNIFF,
  };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
