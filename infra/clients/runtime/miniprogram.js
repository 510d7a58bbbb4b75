import { addressOf, answerOf, ApiError, headersOf } from './common.js';

/** Sends requests with `wx.request`. */
export function createSend({ baseUrl, getToken, timeoutMs = 30000 }) {
  return (method, path, { query, headers, body } = {}) =>
    new Promise((resolve, reject) => {
      wx.request({
        url: addressOf(baseUrl, path, query),
        method,
        header: headersOf(headers, getToken),
        data: body,
        timeout: timeoutMs,
        success: resolve,
        fail: ({ errMsg = '' }) =>
          reject(new ApiError({ code: errMsg.includes('timeout') ? 'TIMEOUT' : 'NETWORK', message: errMsg })),
      });
    }).then(({ statusCode, data, header }) =>
      answerOf({ status: statusCode, data, retryAfter: valueOf(header, 'retry-after') }),
    );
}

/** Finds a header by its name in any case, because phones differ. */
function valueOf(header, name) {
  const found = Object.keys(header || {}).find((key) => key.toLowerCase() === name);
  return found && header[found];
}
