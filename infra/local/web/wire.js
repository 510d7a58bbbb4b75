// The strip at the bottom: the last calls and pushes between the functions and WeChat.
import { phone } from './calls.js';
import { el, liveList } from './dom.js';

const length = 12;

export function showWire(list) {
  liveList(list, { load: () => phone('GET', `/_log?last=${length}`), line, empty: 'Nothing yet.' });
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
