import * as v from 'valibot';
import { ACCOUNT_ID_LENGTH } from '../store/keys.ts';

const FORM = `userId must be the id of an account: ${ACCOUNT_ID_LENGTH} digits and small letters`;

/** The id of an account, as an operator types it. */
export const userId = v.pipe(v.string(FORM), v.regex(new RegExp(`^[0-9a-z]{${ACCOUNT_ID_LENGTH}}$`), FORM));
