// Calls to the two services of this page: the HTTP API on another origin, and the simulator that serves the page.

export class CallError extends Error {
  /** @param {string} code @param {string} message @param {number} [status] */
  constructor(code, message, status) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

let apiUrl = '';

/** Fetches the address of the HTTP API. */
export async function configure() {
  const config = await phone('GET', '/_web/config.json');
  apiUrl = config.apiUrl ?? '';
}

/** Returns the full URL of a path of the HTTP API. */
export function addressOf(path) {
  if (apiUrl) return apiUrl + path;
  throw new CallError('NO_API_ADDRESS', 'This simulator runs by itself: `npm start` runs it together with the API.');
}

/** Explains a request to the HTTP API that failed without an answer. */
export function unreachable() {
  return (
    `No answer that this page may read from ${apiUrl}. ` +
    `Is the API running, and is ${location.origin} one of ALLOWED_ORIGINS?`
  );
}

/** Calls the HTTP API like a web page. Only pages without a token send cookies. */
export async function api(method, path, { body, token, withCookie, headers = {} } = {}) {
  const url = addressOf(path);
  const credentials = withCookie ? 'include' : 'omit';
  return call(url, { method, body, headers: { ...headers, ...bearer(token) }, credentials }, unreachable());
}

const simulatorDown = 'The simulator does not answer. Is `npm start` still running?';

/** Calls the simulator: an action of the phone's user. */
export async function phone(method, path, body) {
  return call(path, { method, body, headers: {}, credentials: 'omit' }, simulatorDown);
}

/** Reads a temporary file of a phone. Its address ends with its name. */
export async function phoneFile(address) {
  const path = `/_phone/files/${address.split('/').pop()}`;
  return (await send(path, { credentials: 'omit' }, simulatorDown)).blob();
}

function bearer(token) {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

async function call(url, { method, body, headers, credentials }, unanswered) {
  const response = await send(
    url,
    {
      method,
      credentials,
      headers: { ...headers, ...(method !== 'GET' && { 'Content-Type': 'application/json' }) },
      ...(method !== 'GET' && { body: JSON.stringify(body ?? {}) }),
    },
    unanswered,
  );
  return parse(await response.text());
}

async function send(url, request, unanswered) {
  const response = await fetch(url, request).catch(() => {
    throw new CallError('UNREACHABLE', unanswered);
  });
  if (response.ok) return response;
  const text = await response.text();
  const answer = parse(text);
  // Errors have the field `code` in the API and `error` in the simulator.
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
