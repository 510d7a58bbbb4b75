import { addressOf, answerOf, ApiError, headersOf } from './common.js';

/** Calls by `wx.request`. */
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

/** Phones write the names of headers as they were sent, or otherwise. */
function valueOf(header, name) {
  const found = Object.keys(header || {}).find((key) => key.toLowerCase() === name);
  return found && header[found];
}
