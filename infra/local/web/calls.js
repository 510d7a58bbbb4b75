// Calls to the two services of this page: the HTTP API on another origin, and the simulator that serves the page.

export class CallError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{status?: number, errCode?: number}} [details] `errCode`: of a failed call of `wx`
   */
  constructor(code, message, { status, errCode } = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.errCode = errCode;
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

/** Returns the goods, orders and complaints of virtual payment; empty lists without virtual payment. */
export async function virtualConsole() {
  try {
    return await phone('GET', '/_merchant/virtual');
  } catch (error) {
    if (error.code === 'NOT_OPENED') return { goods: [], orders: [], complaints: [] };
    throw error;
  }
}

/** Returns the complaints at WeChat Pay and at virtual payment (`isVirtual`), oldest first. */
export async function allComplaints() {
  const [merchant, { complaints }] = await Promise.all([phone('GET', '/_merchant/complaints'), virtualConsole()]);
  const all = [...merchant, ...complaints.map((complaint) => ({ ...complaint, isVirtual: true }))];
  return all.toSorted((one, other) => new Date(one.createdAt) - new Date(other.createdAt));
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
  const { code = answer?.error ?? 'ERROR', message = text, errCode } = answer ?? {};
  throw new CallError(code, message, { status: response.status, errCode });
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
