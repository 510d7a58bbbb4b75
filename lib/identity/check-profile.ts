import { checkPicture } from '../content-check/check-picture.ts';
import { checkText } from '../content-check/check-text.ts';
import { countUnchecked } from '../content-check/conclude.ts';
import type { CheckDeps } from '../content-check/new-check.ts';
import { AppError } from '../core/errors.ts';
import type { LimitAccount } from '../rate-limit/rate-limit.ts';
import { isFromWechat, type Account, type Profile } from '../store/accounts.ts';

/** `limitAccount` counts the requests of one account that call WeChat: a script would spend the quota of all users. */
export type ProfileCheckDeps = CheckDeps & { limitAccount: LimitAccount };

/**
 * Checks the values that a user entered, before they are stored. A nickname of which WeChat is not sure is accepted. A
 * picture at another address is checked after it is shown: only uploads can be held back.
 * @param deps undefined while CONTENT_CHECK is off
 * @throws CONTENT_REFUSED for a nickname that WeChat classifies as risky; RATE_LIMITED
 */
export async function checkProfile(
  deps: ProfileCheckDeps | undefined,
  account: Account,
  { nickname, avatarUrl }: Profile,
): Promise<void> {
  const content = { author: account, scene: 'profile' } as const;
  const newName = isNew(account, 'nickname', nickname) ? nickname : undefined;
  const newPicture = isNew(account, 'avatarUrl', avatarUrl) ? avatarUrl : undefined;
  if (newName !== undefined || newPicture !== undefined) await deps?.limitAccount(account.id);
  if (newName !== undefined) {
    const result = await checkText(deps, { ...content, kind: 'nickname', text: newName });
    if (result === 'refused') {
      throw new AppError('CONTENT_REFUSED', 'WeChat refuses this nickname; choose another nickname', {
        detail: { field: 'body.nickname' },
      });
    }
    if (result === 'review') countUnchecked('review');
  }
  if (newPicture !== undefined) await checkPicture(deps, { ...content, kind: 'avatar', url: newPicture });
}

/** Whether the user did not enter this value before. A value that the user entered was checked then. */
function isNew(account: Account, field: keyof Profile, value: string | undefined): boolean {
  return account[field] !== value || isFromWechat(account, field);
}
