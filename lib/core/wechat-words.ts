import { AppError } from './errors.ts';
import { maskSecrets } from './log.ts';
import { cutUtf8 } from './utf8.ts';

/** Longest text that is read, and longest text that is kept (bytes). */
const MAX_READ = 2_048;
const MAX_KEPT_BYTES = 256;
/** Control characters, and characters that change the direction of a text. */
const INVISIBLE = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;
/** Openids, keys, signatures and tokens. Numbers of WeChat have up to 28 digits and are kept. */
const LONG_VALUE = /(?<![\w+=-])(?!\d+(?![\w+=-]))[\w+=-]{28,}/g;

/**
 * An error answer of WeChat, as the cause of an AppError. Logs and operators receive `words`, the sentence in which
 * WeChat explains the error; clients never do. The sentence proves nothing, because it can be unsigned.
 */
export class WechatAnswerError extends Error {
  readonly words: string;

  /** @param text the sentence as received. `words` has no secrets, no personal data and at most 256 bytes. */
  constructor(message: string, text: string) {
    const words = cutUtf8(
      maskSecrets(text.slice(0, MAX_READ).replace(INVISIBLE, ' ')).replace(LONG_VALUE, '…'),
      MAX_KEPT_BYTES,
    );
    super(words ? `${message}: ${words}` : message);
    this.words = words;
  }
}

/** Returns the sentence in which WeChat explained an error. It is empty if WeChat did not explain the error. */
export function wordsOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof WechatAnswerError) return cause.words;
  }
  return '';
}

/** Returns the message of an error for operators: with the sentence of WeChat, which clients never receive. */
export function messageForOperator(error: Error): string {
  const words = wordsOf(error);
  return words ? `${error.message}. WeChat: ${words}` : error.message;
}

/** Returns the handler of an operator function. Its errors contain the sentence of WeChat. */
export function operatorFunction<Output>(
  run: (input: unknown) => Promise<Output>,
): (input: unknown) => Promise<Output> {
  return async (input) => {
    try {
      return await run(input);
    } catch (error) {
      // Without a sentence of WeChat, the error keeps its stack.
      if (!(error instanceof AppError) || wordsOf(error) === '') throw error;
      throw new AppError(error.code, messageForOperator(error), { detail: error.detail, cause: error });
    }
  };
}
