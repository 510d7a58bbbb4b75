// Small helpers around the DOM. Text always becomes text nodes; received text is never parsed as HTML.

/**
 * @param {string} tag a name, and classes after dots: `p.note`
 * @param {Record<string, unknown>} [attributes] `on…` are listeners, false and undefined are left out
 * @param {(Node | string | undefined)[]} children
 */
export function el(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name);
  node.classList.add(...classes);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? '' : String(value));
  }
  node.append(...children.filter((child) => child !== undefined));
  return node;
}

/** Creates a button that ignores clicks while its action runs. */
export function button(label, action, { kind = 'primary' } = {}) {
  const node = el(`button.${kind}`, { type: 'button', onclick: () => void once() }, label);
  async function once() {
    if (node.ariaDisabled === 'true') return;
    node.ariaDisabled = 'true';
    try {
      await action();
    } finally {
      node.ariaDisabled = null;
    }
  }
  return node;
}

/** Buttons side by side. */
export function row(...buttons) {
  return el('div.row', {}, ...buttons);
}

/** Buttons below each other. */
export function stack(...buttons) {
  return el('div.stack', {}, ...buttons);
}

/** Small buttons in two columns. */
export function pairs(...buttons) {
  return el('div.stack.pairs', {}, ...buttons);
}

/** Creates a text field with a button. The Enter key presses the button. */
export function field(input, take) {
  const onsubmit = (event) => {
    event.preventDefault();
    take.click();
  };
  return el('form.field', { onsubmit }, input, take);
}

/** Replaces the content of a region. The focus stays in the region when the focused element is removed. */
export function show(region, ...nodes) {
  const hadFocus = region.contains(document.activeElement);
  region.replaceChildren(...nodes.filter((node) => node !== undefined));
  if (hadFocus && !region.contains(document.activeElement)) region.focus({ preventScroll: true });
}

/** Creates a status line: a word of the protocol, and its meaning. */
export function say(status, state, text) {
  status.replaceChildren(el(state === 'error' ? 'code.error' : 'code', {}, state), ` ${text}`);
}

export function chinese(text) {
  return el('span', { lang: 'zh' }, text);
}

export function waiting(text) {
  return el('p.waiting', {}, text);
}

/** Renders the code and message of a failed call. */
export function problem(error) {
  const { code = error.name, message, status } = error;
  return el(
    'div.problem',
    { role: 'alert' },
    el('code', {}, status ? `${status} ${code}` : code),
    el('p', {}, message),
  );
}

/**
 * The sheet that asks for a payment.
 * @param {[string, string]} name of the payment, in English and Chinese
 * @param {{description: string, amountFen: number}} order
 * @param {Node[]} choices
 */
export function paymentSheet([name, inChinese], { description, amountFen }, ...choices) {
  return el(
    'div.sheet',
    { role: 'group', 'aria-label': 'Payment' },
    el('p', {}, name, chinese(inChinese)),
    el('p', {}, description),
    el('p.price', {}, yuan(amountFen)),
    ...choices,
  );
}

/** Formats an amount of money. */
export function yuan(fen) {
  return `¥${(fen / 100).toFixed(2)}`;
}

/** A command for the terminal, and a button that copies it. A browser that forbids the copy selects the command instead. */
export function command(text) {
  const code = el('code', {}, text);
  const copy = button(
    'Copy',
    () => navigator.clipboard.writeText(text).catch(() => getSelection().selectAllChildren(code)),
    { kind: 'quiet' },
  );
  return el('div.command', {}, code, copy);
}

/** Returns the command that calls an operator function. */
export function operatorCommand(name, input) {
  return `npm run op -- ${name} '${JSON.stringify(input)}'`;
}

/** Facts as a list of names and values. */
export function facts(entries) {
  return el('dl.facts', {}, ...Object.entries(entries).map(([name, value]) => fact(name, value)));
}

function fact(name, value) {
  return el('div', {}, el('dt', {}, name), el('dd', {}, value));
}

/** Creates the round picture of a user, or the first letter or digit of the name. */
export function face(name, pictureUrl) {
  if (pictureUrl) return el('img.face', { src: pictureUrl, alt: 'Avatar' });
  return el('span.face', { 'aria-hidden': true }, /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase() ?? '?');
}

const everyMs = 1000;

/**
 * Synchronises a list with its source: loads it every second while the page is visible, and updates the page on a change.
 * @param {Element} list
 * @param {{load: () => Promise<object[]>, line: (item: object) => Node, empty: string}} source the newest item is last
 */
export function liveList(list, { load, line, empty }) {
  let shown = '';

  async function refresh() {
    try {
      const items = await load();
      const text = JSON.stringify(items);
      if (text === shown) return;
      shown = text;
      const lines = items.toReversed().map(line);
      list.replaceChildren(...(lines.length > 0 ? lines : [el('li.waiting', {}, empty)]));
    } catch (error) {
      fail(error);
    }
  }

  function fail(error) {
    // Written once, because a screen reader would read a repeated write every second.
    if (shown === error.message) return;
    shown = error.message;
    list.replaceChildren(el('li', {}, problem(error)));
  }

  async function run() {
    if (document.visibilityState === 'visible') await refresh();
    setTimeout(run, everyMs);
  }
  void run();
  return { refresh, fail };
}
