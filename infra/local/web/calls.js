// The two services that this page talks to: the HTTP API, from another origin, and the simulator that served the page.

export class CallError extends Error {
  /** @param {string} code @param {string} message @param {number} [status] */
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

let apiUrl = '';

/** Learns where the HTTP API is. */
export async function configure() {
  const config = await phone('GET', '/_web/config.json');
  apiUrl = config.apiUrl ?? '';
}

/** The whole address of a path of the HTTP API. */
export function addressOf(path) {
  if (apiUrl) return apiUrl + path;
  throw new CallError('NO_API_ADDRESS', 'This simulator runs by itself: `npm start` runs it together with the API.');
}

/** A call to the HTTP API, as a web page or a mini-program makes it; cookies are for pages that have no token. */
export async function api(method, path, { body, token, withCookie, headers = {} } = {}) {
  const url = addressOf(path);
  const unreachable =
    `No answer that this page may read from ${apiUrl}. ` +
    `Is the API running, and is ${location.origin} one of ALLOWED_ORIGINS?`;
  const credentials = withCookie ? 'include' : 'omit';
  return call(url, { method, body, headers: { ...headers, ...bearer(token) }, credentials }, unreachable);
}

/** A call to the simulator: what somebody does with the phone. */
export async function phone(method, path, body) {
  return call(
    path,
    { method, body, headers: {}, credentials: 'omit' },
    'The simulator does not answer. Is `npm start` still running?',
  );
}

function bearer(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function call(url, { method, body, headers, credentials }, unreachable) {
  const response = await fetch(url, {
    method,
    credentials,
    headers: { ...headers, ...(method !== 'GET' && { 'Content-Type': 'application/json' }) },
    ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
  }).catch(() => {
    throw new CallError('UNREACHABLE', unreachable);
  });
  const text = await response.text();
  const answer = parse(text);
  if (response.ok) return answer;
  // The API names its errors `code`, the simulator `error`.
  const { code = answer?.error ?? 'ERROR', message = text } = answer ?? {};
  throw new CallError(code, message, response.status);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
