// The rules for the values of template and subscribe messages.
// See https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-message-management/subscribe-message/api_sendmessage.html
import { isRecord } from '../http.ts';
import { PlatformError } from './error.ts';

const day = String.raw`\d{4}(?:年\d{1,2}月\d{1,2}日|[-/.]\d{1,2}[-/.]\d{1,2})`;
const hour = String.raw`\d{1,2}:\d{2}(?::\d{2})?`;
const moment = `(?:${day}(?: ?${hour})?|${hour})`;
const time = new RegExp(`^${moment}(?:~${moment})?$`);

/** By field name without its number. */
const rules: Record<string, RegExp> = {
  thing: /^.{1,20}$/u,
  number: /^(?=.{1,32}$)\d+(?:\.\d+)?$/,
  letter: /^[A-Za-z]{1,32}$/,
  symbol: /^[\p{P}\p{S}]{1,5}$/u,
  character_string: /^[ -~]{1,32}$/,
  time,
  date: time,
  amount: /^\p{Sc}?\d{1,10}(?:\.\d+)?元?$/u,
  phone_number: /^[\d+() -]{1,17}$/,
  car_number: /^[\p{Script=Han}A-Za-z\d]{1,8}$/u,
  name: /^(?:[\p{L}\p{P} ]{1,10}|[A-Za-z\p{P} ]{1,20})$/u,
  phrase: /^\p{Script=Han}{1,5}$/u,
  enum: /^.+$/u,
};

/** Checks the `data` of a message: each field needs a value of its kind, on one line and not empty. */
export function readMessageData(data: unknown): Record<string, unknown> {
  if (!isRecord(data) || Object.keys(data).length === 0)
    throw new PlatformError(47003, 'argument invalid! data invalid');
  for (const [name, field] of Object.entries(data)) {
    const kind = /^([a-z_]+)\d+$/.exec(name)?.[1] ?? '';
    const value = isRecord(field) ? field.value : undefined;
    const rule = Object.hasOwn(rules, kind) ? rules[kind] : undefined;
    if (typeof value !== 'string' || !rule?.test(value)) {
      throw new PlatformError(47003, `argument invalid! data.${name}.value invalid`);
    }
  }
  return data;
}
