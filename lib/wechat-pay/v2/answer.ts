import { writeFields } from './fields.ts';

/** Accepts a notification of API v2, byte for byte; any other answer counts as a failure (pay 5.7). */
export const ACCEPTED_ANSWER = writeFields({ return_code: 'SUCCESS', return_msg: 'OK' });

/** Returns the answer that makes WeChat Pay send the notification again. */
export function failedAnswer(reason: string): string {
  return writeFields({ return_code: 'FAIL', return_msg: reason });
}
