// The left half: a web page with login by scanning a code.
import { api } from './calls.js';
import { button, chinese, el, face, facts, problem, row, say as sayIn, show, waiting } from './dom.js';

/** The app that the code belongs to: `via` of POST /qr-login. */
const kinds = {
  'official-account': {
    name: 'Official account',
    inChinese: '公众号',
    how: 'The chat asks first.',
  },
  'mini-program': { name: 'Mini-program', inChinese: '小程序', how: 'The mini-program asks first.' },
};

export function createWebPage({ screen, status }) {
  let via = 'official-account';
  /** The content of the visible code, while it can be scanned. */
  let code;
  let round = new AbortController();

  const say = (state, text) => sayIn(status, state, text);
  const fail = (error) => {
    code = undefined;
    say('error', 'the call failed');
    show(screen, choice(), problem(error), button('Try again', newCode));
  };

  function choice() {
    const choices = Object.entries(kinds).map(([kind, { name, inChinese }]) => {
      const choose = () => {
        via = kind;
        return newCode();
      };
      return el(
        'button',
        { type: 'button', 'aria-pressed': `${kind === via}`, onclick: choose },
        name,
        chinese(inChinese),
      );
    });
    return el('div.choice', { role: 'group', 'aria-label': 'Scan with' }, ...choices);
  }

  async function newCode() {
    round.abort();
    round = new AbortController();
    const { signal } = round;
    code = undefined;
    say('…', 'POST /qr-login');
    show(screen, choice(), waiting('Asking for a code…'));
    try {
      const login = await api('POST', '/qr-login', { body: { via } });
      if (!signal.aborted) await waitForScan(login, signal);
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  }

  async function waitForScan(login, signal) {
    // The page cannot draw the code of a mini-program from text, so the phone gets the image.
    code = login.content ?? login.imageUrl;
    const hiccup = el('div');
    const endsAt = Date.now() + login.expiresIn * 1000;
    const timeLeft = el('p.time-left', {}, 'Valid for another ', countdown(endsAt, signal));
    const rest = [timeLeft, hiccup, button('New code', newCode, { kind: 'quiet' })];
    show(screen, choice(), ...codeOnShow(login, kinds[via].how), ...rest);
    say('pending', 'waits for a scan');
    while (Date.now() < endsAt) {
      await sleep(login.pollIntervalMs, signal);
      const answer = await poll(login, hiccup);
      if (signal.aborted) return;
      if (answer.status === 'gone') break;
      if (answer.status === 'registered') return welcome(answer, 'logged in by scanning');
      if (answer.status === 'unregistered') return offerAccount(answer);
      if (answer.status === 'scanned' && code) {
        code = undefined;
        const title = el('h3', {}, 'Scanned ', chinese('已扫描'));
        show(screen, title, el('p', {}, 'Confirm on your phone.'), ...rest);
        say('scanned', 'the phone shows the question');
      }
    }
    ended();
  }

  function offerAccount({ registrationToken }) {
    code = undefined;
    say('unregistered', 'the user who scanned has no account yet');
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
      el('p', {}, 'The user who scanned has no account yet.'),
      trouble,
      row(button('Register', register), button('New code', newCode, { kind: 'quiet' })),
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
      face(user.nickname ?? user.username),
      el('h3', {}, 'Logged in ', chinese('已登录')),
      facts({ username: user.username, id: user.id }),
      button('Log out', logOut, { kind: 'quiet' }),
    );
  }

  function ended() {
    code = undefined;
    say('expired', 'too late, or cancelled on the phone');
    const title = el('h3', {}, 'This code has ended ', chinese('二维码已失效'));
    show(screen, choice(), title, button('New code', newCode));
  }

  return { newCode, code: () => code };
}

function codeOnShow({ imageUrl }, how) {
  return [
    el('h3', {}, 'Scan to log in ', chinese('微信扫码登录')),
    el('img.qr', { src: imageUrl, alt: 'QR code: scan it with WeChat', width: 208, height: 208 }),
    el('p', {}, how),
  ];
}

/** Polls once. Returns `gone` for an expired code. Shows any other failure; the next poll retries. */
async function poll({ ticket, pollToken }, hiccup) {
  try {
    const answer = await api('GET', `/qr-login/${ticket}`, { headers: { 'X-Poll-Token': pollToken } });
    hiccup.replaceChildren();
    return answer;
  } catch (error) {
    if (error.code === 'TICKET_EXPIRED') return { status: 'gone' };
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

/** Resolves early when the round ends. */
function sleep(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
