import { writeFields } from './fields.ts';

/**
 * The answer that acknowledges a notification of API v2. WeChat Pay counts an answer with other bytes as a failure.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935221
 */
export const ACCEPTED_ANSWER = writeFields({ return_code: 'SUCCESS', return_msg: 'OK' });

/** Returns the answer that makes WeChat Pay repeat the notification. */
export function failedAnswer(reason: string): string {
  return writeFields({ return_code: 'FAIL', return_msg: reason });
}
