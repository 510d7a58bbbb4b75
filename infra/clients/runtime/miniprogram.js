import { addressOf, answerOf, ApiError, headersOf } from './common.js';

/** Sends requests with `wx.request`, and files with `wx.uploadFile`. */
export function createSend({ baseUrl, getToken, timeoutMs = 30000 }) {
  return (method, path, { query, headers, body, filePath } = {}) =>
    new Promise((resolve, reject) => {
      const request = {
        url: addressOf(baseUrl, path, query),
        header: headersOf(headers, getToken),
        timeout: timeoutMs,
        success: resolve,
        fail: ({ errMsg = '' }) =>
          reject(new ApiError({ code: errMsg.includes('timeout') ? 'TIMEOUT' : 'NETWORK', message: errMsg })),
      };
      if (filePath) wx.uploadFile({ ...request, filePath, name: 'file' });
      else wx.request({ ...request, method, data: body });
    }).then(async ({ statusCode, data, header }) =>
      answerOf({
        status: statusCode,
        data: filePath ? await parse(data) : data,
        retryAfter: valueOf(header, 'retry-after'),
      }),
    );
}

/** Parses the text that `wx.uploadFile` returns. @returns undefined for a text that is not JSON */
function parse(text) {
  return Promise.resolve(text)
    .then(JSON.parse)
    .catch(() => undefined);
}

/** Finds a header by its name in any case, because phones differ. `wx.uploadFile` may return no headers. */
function valueOf(header, name) {
  const found = Object.keys(header || {}).find((key) => key.toLowerCase() === name);
  return found && header[found];
}
