// A page of the site inside WeChat. It has no token: the browser sends the session cookie, which scripts cannot read.
import { addressOf, api, configure } from './calls.js';
import { button, chinese, el, facts, problem, row, show } from './dom.js';

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
  show(document.body, problem(error), logInLink());
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
