import { checkPicture } from '../content-check/check-picture.ts';
import { checkText } from '../content-check/check-text.ts';
import { countUnchecked } from '../content-check/conclude.ts';
import type { CheckDeps } from '../content-check/new-check.ts';
import { AppError } from '../core/errors.ts';
import { isFromWechat, type Account, type Profile } from '../store/accounts.ts';

/**
 * Checks the values that a user entered, before they are stored. A nickname of which WeChat is not sure is accepted. A
 * picture at another address is checked after it is shown: only uploads can be held back.
 * @param deps undefined while CONTENT_CHECK is off
 * @throws CONTENT_REFUSED for a nickname that WeChat classifies as risky
 */
export async function checkProfile(
  deps: CheckDeps | undefined,
  account: Account,
  { nickname, avatarUrl }: Profile,
): Promise<void> {
  const content = { author: account, scene: 'profile' } as const;
  if (nickname !== undefined && isNew(account, 'nickname', nickname)) {
    const result = await checkText(deps, { ...content, kind: 'nickname', text: nickname });
    if (result === 'refused') {
      throw new AppError('CONTENT_REFUSED', 'WeChat refuses this nickname; choose another nickname', {
        detail: { field: 'body.nickname' },
      });
    }
    if (result === 'held') countUnchecked('review');
  }
  if (avatarUrl !== undefined && isNew(account, 'avatarUrl', avatarUrl)) {
    await checkPicture(deps, { ...content, kind: 'avatar', url: avatarUrl });
  }
}

/** Whether the user did not enter this value before. A value that the user entered was checked then. */
function isNew(account: Account, field: keyof Profile, value: string): boolean {
  return account[field] !== value || isFromWechat(account, field);
}
