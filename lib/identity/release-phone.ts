import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import { unlinkPhone } from '../store/account-links.ts';
import { readAccount } from '../store/accounts.ts';
import { readPhoneHolder } from '../store/identities.ts';
import type { Table } from '../store/table.ts';
import { randomUsername } from './account.ts';

const input = v.strictObject({ phone: v.pipe(v.string(), v.regex(/^\+[1-9]\d{4,14}$/)) });

/**
 * Frees a phone number for another account. The account that has the number keeps everything else, and gets a random
 * username. Neither the log nor an error contains the number.
 * @throws PARAM_ERROR; NOT_FOUND when no account has the number
 */
export async function releasePhone(
  deps: Pick<Runtime, 'sleep' | 'randomBytes' | 'log'> & { table: Table },
  json: unknown,
): Promise<{ userId: string }> {
  const parsed = v.safeParse(input, json);
  if (!parsed.success) throw new AppError('PARAM_ERROR', 'Send {"phone": "+8613911112222"}: one number in E.164 form');
  const { phone } = parsed.output;
  const userId = await retryOnConflict(deps, async () => {
    const holderId = await readPhoneHolder(deps.table, phone);
    if (holderId === undefined) throw new AppError('NOT_FOUND', 'No account has this phone number');
    const account = await readAccount(deps.table, holderId, 'strong');
    if (account?.phone !== phone) return VERSION_CONFLICT;
    const username = randomUsername(deps.randomBytes);
    const isFree = await unlinkPhone(
      deps.table,
      { ...account, phone },
      { username, phoneRelease: { reason: 'operator' } },
    );
    return isFree ? account.id : VERSION_CONFLICT;
  });
  deps.log.info('user.phone-released', { accountId: userId });
  return { userId };
}
