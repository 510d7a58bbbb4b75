// A page of the site inside WeChat. It has no token: the browser sends the session cookie, which scripts cannot read.
import { addressOf, api, CallError, configure } from './calls.js';
import { button, chinese, el, facts, problem, row, show } from './dom.js';

// The messages after a failed login. The page never starts a login by itself, because that login may fail again.
const advice = {
  WECHAT_CODE_INVALID: 'You declined, or the code was used. Log in again.',
  SNAPSHOT_USER: 'This is a preview of the page. Tap 使用完整服务 at its bottom, then log in.',
  WECHAT_USER_BLOCKED: 'WeChat does not let this user log in.',
  IDENTITY_CONFLICT: 'You have two accounts with phone numbers. Close one account, then log in again.',
  RATE_LIMITED: 'Too many logins. Wait a minute, then log in again.',
};

try {
  await configure();
  const { user } = await api('GET', '/me', { withCookie: true });
  show(
    document.body,
    el('h3', {}, `Hello, ${user.nickname ?? user.username} `, chinese('你好')),
    facts({ username: user.username, id: user.id }),
    el('p', {}, 'Logged in by a cookie that no script of this page can read.'),
    row(
      button('Log out', () => logOut(), { kind: 'quiet' }),
      button('Log out everywhere', () => logOut({ everywhere: true }), { kind: 'quiet' }),
    ),
  );
} catch (error) {
  const failed = new URLSearchParams(location.search).get('login_error');
  const reason = failed ? new CallError(failed, advice[failed] ?? 'The login failed. Log in again later.') : error;
  show(document.body, problem(reason), logInLink());
}

async function logOut(body) {
  try {
    await api('POST', '/logout', { withCookie: true, body });
    show(document.body, el('h3', {}, 'Logged out ', chinese('已退出')), logInLink());
  } catch (error) {
    show(document.body, problem(error), logInLink());
  }
}

function logInLink() {
  const query = new URLSearchParams({ redirect: location.href, scope: 'snsapi_userinfo' });
  return el('a', { href: addressOf(`/oauth/authorize?${query}`) }, 'Log in with WeChat ', chinese('微信登录'));
}
