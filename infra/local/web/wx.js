// The calls of `wx` that the client for mini-programs uses. Any HTTP status is a success, as on a phone.
import { phone, phoneFile, unreachable } from './calls.js';

export const wx = {
  request({ url, method, header, data, ...options }) {
    const headers = { 'Content-Type': 'application/json', ...header };
    const send = () => fetchWithin(options, url, { method, headers, body: data && JSON.stringify(data) });
    void settle('request', send, parse, options);
  },
  uploadFile({ url, filePath, name, header: headers, ...options }) {
    const send = async () => {
      const body = new FormData();
      body.append(name, await phoneFile(filePath), 'tmp.jpeg');
      return fetchWithin(options, url, { method: 'POST', headers, body });
    };
    void settle('uploadFile', send, (text) => text, options);
  },
};

/**
 * Opens a virtual payment on the phone of a user, who pays or cancels.
 * @param {object} person
 * @param {object} payment from `POST /pay/prepay`
 * @param {{apple?: boolean, cancel?: boolean}} choice of the user; `apple`: Apple takes the payment
 * @returns {Promise<{notify: object | null}>}
 * @throws {CallError} with the `errCode` of WeChat
 */
export function requestVirtualPayment({ id }, payment, choice) {
  return phone('POST', `/_phone/users/${id}/pay`, { virtual: payment, ...choice });
}

/** Sends no cookies, because a mini-program has none. */
function fetchWithin({ timeout }, url, request) {
  return fetch(url, { ...request, credentials: 'omit', signal: AbortSignal.timeout(timeout) });
}

async function settle(name, send, read, { success, fail }) {
  try {
    const response = await send();
    const data = read(await response.text());
    success({ statusCode: response.status, header: Object.fromEntries(response.headers), data });
  } catch (error) {
    fail({ errMsg: `${name}:fail ${reasonOf(error)}` });
  }
}

function reasonOf({ name, message }) {
  if (name === 'TimeoutError') return 'timeout';
  return name === 'TypeError' ? unreachable() : message;
}

/** Parses JSON; other content stays text. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
