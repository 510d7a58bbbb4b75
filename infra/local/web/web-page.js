// The left half: a web page that lets people log in by scanning a code.
import { api } from './calls.js';
import { button, chinese, el, face, facts, problem, say as sayIn, show, waiting } from './dom.js';

export function createWebPage({ screen, status }) {
  /** What the code on show says, while it can be scanned. */
  let code;
  let round = new AbortController();

  const say = (state, text) => sayIn(status, state, text);
  const fail = (error, ...more) => {
    code = undefined;
    say('error', 'the call failed');
    show(screen, problem(error), ...more, button('Try again', newCode));
  };

  async function newCode() {
    round.abort();
    round = new AbortController();
    const { signal } = round;
    code = undefined;
    say('…', 'POST /qr-login');
    show(screen, waiting('Asking for a code…'));
    try {
      const login = await api('POST', '/qr-login');
      if (!signal.aborted) await waitForScan(login, signal);
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  }

  async function waitForScan(login, signal) {
    code = login.content;
    const hiccup = el('div');
    const endsAt = Date.now() + login.expiresIn * 1000;
    show(screen, ...codeOnShow(login, countdown(endsAt, signal), hiccup, newCode));
    say('pending', 'waiting for somebody to scan');
    while (Date.now() < endsAt) {
      await sleep(login.pollIntervalMs, signal);
      const answer = await poll(login, hiccup);
      if (signal.aborted) return;
      if (answer.status === 'registered') return welcome(answer, 'logged in by scanning');
      if (answer.status === 'unregistered') return offerAccount(answer);
    }
    ended();
  }

  function offerAccount({ registrationToken }) {
    code = undefined;
    say('unregistered', 'scanned by somebody who has no account yet');
    const trouble = el('div');
    const register = async () => {
      try {
        welcome(await api('POST', '/register', { body: { registrationToken } }), 'the account is new');
      } catch (error) {
        show(trouble, problem(error));
      }
    };
    show(
      screen,
      el('h3', {}, 'Nice to meet you ', chinese('初次见面')),
      el('p', {}, 'WeChat has told us who scanned, and there is no account for them yet.'),
      trouble,
      el('div.row', {}, button('Register', register), button('New code', newCode, { kind: 'quiet' })),
    );
  }

  function welcome({ token, user }, how) {
    code = undefined;
    say('registered', how);
    const logOut = async () => {
      try {
        await api('POST', '/logout', { token });
        await newCode();
      } catch (error) {
        fail(error);
      }
    };
    show(
      screen,
      face(user.username),
      el('h3', {}, 'Logged in ', chinese('已登录')),
      facts({ username: user.username, id: user.id }),
      button('Log out', logOut, { kind: 'quiet' }),
    );
  }

  function ended() {
    code = undefined;
    say('expired', 'nobody scanned in time');
    const title = el('h3', {}, 'This code has ended ', chinese('二维码已过期'));
    show(screen, title, button('New code', newCode));
  }

  return { newCode, code: () => code };
}

function codeOnShow({ imageUrl }, timeLeft, hiccup, newCode) {
  return [
    el('h3', {}, 'Scan to log in ', chinese('微信扫码登录')),
    el('img.qr', { src: imageUrl, alt: 'QR code: scan it with WeChat', width: 208, height: 208 }),
    el('p.time-left', {}, 'Good for another ', timeLeft),
    hiccup,
    button('New code', newCode, { kind: 'quiet' }),
  ];
}

/** One poll. What ends the code is thrown; anything else is told, and the next poll tries again. */
async function poll({ ticket, pollToken }, hiccup) {
  try {
    const answer = await api('GET', `/qr-login/${ticket}`, { headers: { 'X-Poll-Token': pollToken } });
    hiccup.replaceChildren();
    return answer;
  } catch (error) {
    if (error.code === 'TICKET_EXPIRED') throw error;
    hiccup.replaceChildren(problem(error));
    return {};
  }
}

function countdown(endsAt, signal) {
  const node = el('time', {});
  const tick = () => {
    const seconds = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
    node.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  };
  tick();
  const timer = setInterval(tick, 1000);
  signal.addEventListener('abort', () => clearInterval(timer));
  return node;
}

/** Ends early when the round does. */
function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
