// The common part of every client. ES2018 without browser APIs, because mini-programs support no more.

/** A failed call. `code` is a code of the service, or NETWORK, TIMEOUT or UNEXPECTED_ANSWER. */
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

/** Returns the full URL of a path, without undefined parameters. */
export function addressOf(baseUrl, path, query = {}) {
  const pairs = Object.entries(defined(query)).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return baseUrl.replace(/\/+$/, '') + path + (pairs.length > 0 ? `?${pairs.join('&')}` : '');
}

/** Returns the headers of a request, with the session token if there is one. */
export function headersOf(headers, getToken) {
  const token = getToken && getToken();
  return defined({ ...headers, Authorization: token ? `Bearer ${token}` : undefined });
}

/** Returns the content of a successful response. @throws ApiError for any other response */
export function answerOf({ status, data, retryAfter }) {
  const isObject = typeof data === 'object' && data !== null;
  if (status === 204) return undefined;
  if (status >= 200 && status < 300 && isObject) return data;
  if (isObject && data.code && data.requestId) {
    throw new ApiError({ ...data, status, retryAfterS: retryAfter ? Number(retryAfter) : undefined });
  }
  // The throttle of the gateway: no function ran.
  if (status === 429)
    throw new ApiError({ code: 'RATE_LIMITED', message: 'Too many requests', status, retryAfterS: 1 });
  // From the gateway or from a proxy.
  throw new ApiError({
    code: 'UNEXPECTED_ANSWER',
    message: `HTTP ${status}: the response is not from the service`,
    status,
  });
}

function defined(fields) {
  const kept = {};
  for (const name of Object.keys(fields)) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept;
}
