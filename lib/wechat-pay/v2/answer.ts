import { writeFields } from './fields.ts';

/** What accepts a notification of API v2, to the byte; anything else counts as a failure (pay 5.7). */
export const ACCEPTED = writeFields({ return_code: 'SUCCESS', return_msg: 'OK' });

/** What refuses one, so that it is sent again. */
export function refusal(reason: string): string {
  return writeFields({ return_code: 'FAIL', return_msg: reason });
}
