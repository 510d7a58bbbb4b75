import { AppError } from '../core/errors.ts';
import { PlatformError } from './platform-error.ts';

/** The values of a template by their keys in it, such as `thing1`. */
export type MessageValues = Record<string, string>;

/** What may be cut off at its end: characters, by the prefix of the key (platform 9.1). */
const CUT_AT: Record<string, (value: string) => number> = {
  thing: () => 20,
  letter: () => 32,
  symbol: () => 5,
  phrase: () => 5,
  name: (value) => (/^\p{ASCII}*$/v.test(value) ? 20 : 10),
};
/** What would say something else if it were cut: an amount, a number, what names one thing. */
const MAX_CHARACTERS: Record<string, number> = {
  number: 32,
  character_string: 32,
  phone_number: 17,
  car_number: 8,
  amount: 13,
};

/**
 * The `data` of a template or subscribe message (platform 9.1, 9.2), fitted to what WeChat takes: line breaks become
 * spaces, words are cut where they grow too long.
 * @throws PARAM_ERROR for an empty value, and for a number that is too long
 */
export function buildMessageData(values: MessageValues): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { value: fit(key, value) }]));
}

/** What WeChat's refusal of a message says about its data: the message must change. Any other error is as it was. */
export function messageDataError(error: unknown): unknown {
  const said = error instanceof AppError && error.cause instanceof PlatformError ? error.cause : undefined;
  switch (said?.errcode) {
    case 47003:
      return dataError(`${said.dataKey ?? 'one of the values'} as this template has it`, error);
    case 45168:
      return dataError('a word in this message', error);
    default:
      return error;
  }
}

function dataError(what: string, cause: unknown): AppError {
  return new AppError('PARAM_ERROR', `WeChat does not take ${what}`, { cause });
}

function fit(key: string, given: string): string {
  const characters = [...given.replaceAll(/\s*[\r\n\u2028\u2029]+\s*/g, ' ').trim()];
  if (characters.length === 0) throw new AppError('PARAM_ERROR', `${key} is empty`);
  const prefix = key.replace(/\d+$/, '');
  if (characters.length > (MAX_CHARACTERS[prefix] ?? Infinity)) throw new AppError('PARAM_ERROR', `${key} is too long`);
  return characters.slice(0, CUT_AT[prefix]?.(characters.join(''))).join('');
}
