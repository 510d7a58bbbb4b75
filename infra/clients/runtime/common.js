// What every client has. In ES2018 and without anything of a browser: mini-programs have no more than that.

/** Why a call failed: `code` is the service's, or NETWORK, TIMEOUT and UNEXPECTED_ANSWER for the way to it. */
export class ApiError extends Error {
  constructor({ code, message, status = 0, requestId, detail, retryAfterS }) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.detail = detail;
    this.retryAfterS = retryAfterS;
  }
}

/** The whole address of a path; what is undefined is left out. */
export function addressOf(baseUrl, path, query = {}) {
  const pairs = Object.entries(defined(query)).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return baseUrl.replace(/\/+$/, '') + path + (pairs.length > 0 ? `?${pairs.join('&')}` : '');
}

/** The headers of a request: its own, and who asks. */
export function headersOf(headers, getToken) {
  const token = getToken && getToken();
  return defined({ ...headers, Authorization: token ? `Bearer ${token}` : undefined });
}

/** What the service answered. @throws ApiError for whatever is no success */
export function answerOf({ status, data, retryAfter }) {
  const isObject = typeof data === 'object' && data !== null;
  if (status === 204) return undefined;
  if (status >= 200 && status < 300 && isObject) return data;
  if (isObject && data.code && data.requestId) {
    throw new ApiError({ ...data, status, retryAfterS: retryAfter ? Number(retryAfter) : undefined });
  }
  // The gateway's own limit: no function ran.
  if (status === 429)
    throw new ApiError({ code: 'RATE_LIMITED', message: 'Too many requests', status, retryAfterS: 1 });
  // A gateway's own, or of something in between.
  throw new ApiError({ code: 'UNEXPECTED_ANSWER', message: `HTTP ${status}, and not by the service`, status });
}

function defined(fields) {
  const kept = {};
  for (const name of Object.keys(fields)) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept;
}
