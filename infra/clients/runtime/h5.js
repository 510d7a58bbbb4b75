import { addressOf, answerOf, ApiError, headersOf } from './common.js';

/** Sends requests with `fetch`. Without `getToken` the session cookie identifies the user. */
export function createSend({ baseUrl, getToken, timeoutMs = 30000 }) {
  return async (method, path, { query, headers, body, file } = {}) => {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      const request = {
        method,
        headers: headersOf({ ...headers, 'Content-Type': body && 'application/json' }, getToken),
        body: file ? formOf(file) : body && JSON.stringify(body),
        credentials: getToken ? 'omit' : 'include',
        signal: timeout.signal,
      };
      const response = await fetch(addressOf(baseUrl, path, query), request);
      const data = parse(await response.text());
      return answerOf({ status: response.status, data, retryAfter: response.headers.get('retry-after') });
    } catch (error) {
      if (error instanceof ApiError) throw error;
      if (!timeout.signal.aborted) throw new ApiError({ code: 'NETWORK', message: String(error) });
      throw new ApiError({ code: 'TIMEOUT', message: `No answer within ${timeoutMs} ms` });
    } finally {
      clearTimeout(timer);
    }
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The browser sets the content type of a form, because the type contains the boundary. */
function formOf(file) {
  const form = new FormData();
  form.append('file', file);
  return form;
}
