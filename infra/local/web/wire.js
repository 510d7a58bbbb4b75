// The strip at the bottom: the last calls and pushes between the functions and WeChat.
import { phone } from './calls.js';
import { el, problem } from './dom.js';

const length = 12;
const everyMs = 1000;

export function showWire(list) {
  let shown = '';

  async function refresh() {
    try {
      const entries = await phone('GET', `/_log?last=${length}`);
      const text = JSON.stringify(entries);
      if (text === shown) return;
      shown = text;
      const items = entries.toReversed().map(line);
      list.replaceChildren(...(items.length > 0 ? items : [el('li.waiting', {}, 'Nothing yet.')]));
    } catch (error) {
      // Once: a screen reader would read it out each second.
      if (shown === error.message) return;
      shown = error.message;
      list.replaceChildren(el('li', {}, problem(error)));
    }
  }

  async function run() {
    if (document.visibilityState === 'visible') await refresh();
    setTimeout(run, everyMs);
  }
  void run();
}

function line({ at, kind, method, path, status, event, code, fault, error }) {
  const bad = status >= 400 || fault || error;
  const more = event ?? (code && `code ${code}`) ?? '';
  return el(
    'li',
    {},
    el('time', {}, new Date(at).toLocaleTimeString('en-GB')),
    el('b', {}, kind === 'push' ? 'WeChat →' : '→ WeChat'),
    el('span.path', { title: `${method} ${path} ${more}` }, `${method} ${path}`, more && el('small', {}, ` ${more}`)),
    el(`span.result.${bad ? 'bad' : 'good'}`, {}, fault ?? status ?? '…'),
  );
}
