import { AppError } from '../core/errors.ts';
import { PlatformError } from './platform-error.ts';

/** The values of a message, by the keys of its template, such as `thing1`. */
export type MessageValues = Record<string, string>;

/**
 * Maximum characters of values that may be shortened, by the prefix of the key.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
 */
const CUT_AT: Record<string, (value: string) => number> = {
  thing: () => 20,
  letter: () => 32,
  symbol: () => 5,
  phrase: () => 5,
  name: (value) => (/^\p{ASCII}*$/v.test(value) ? 20 : 10),
};
/** Maximum characters of values whose meaning a cut would change, such as amounts, numbers and identifiers. */
const MAX_CHARACTERS: Record<string, number> = {
  number: 32,
  character_string: 32,
  phone_number: 17,
  car_number: 8,
  amount: 13,
};

/**
 * Builds the `data` of a template or subscribe message within WeChat's limits. Line breaks become spaces; long texts
 * are shortened.
 * @throws PARAM_ERROR when a value is empty, or too long and must not be shortened
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
 * @see https://developers.weixin.qq.com/doc/service/api/notify/template/api_sendtemplatemessage.html
 */
export function buildMessageData(values: MessageValues): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value: fit(key, value) }]));
}

/** Converts an error about the data of a message to PARAM_ERROR; returns other errors unchanged. */
export function messageDataError(error: unknown): unknown {
  const said = error instanceof AppError && error.cause instanceof PlatformError ? error.cause : undefined;
  switch (said?.errcode) {
    case 47003:
      return dataError(`${said.dataKey ?? 'a value'}: it does not fit the template`, error);
    case 45168:
      return dataError('a word in this message', error);
    default:
      return error;
  }
}

function dataError(what: string, cause: unknown): AppError {
  return new AppError('PARAM_ERROR', `WeChat rejected ${what}`, { cause });
}

function fit(key: string, given: string): string {
  const characters = [...given.replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, ' ').trim()];
  if (characters.length === 0) throw new AppError('PARAM_ERROR', `${key} is empty`);
  const prefix = key.replace(/\d+$/, '');
  if (characters.length > (MAX_CHARACTERS[prefix] ?? Infinity)) throw new AppError('PARAM_ERROR', `${key} is too long`);
  return characters.slice(0, CUT_AT[prefix]?.(characters.join(''))).join('');
}
