import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import {
  clearProfile,
  clearWechatProfile,
  PROFILE_FIELDS,
  readAccount,
  type Account,
  type Profile,
} from '../store/accounts.ts';
import { readIdentity, type Person } from '../store/identities.ts';
import type { Table } from '../store/table.ts';
import { dropUserToken } from '../store/user-tokens.ts';

type EraseProfileDeps = Pick<Runtime, 'log' | 'sleep'> & { table: Table };
type Fields = readonly (keyof Profile)[];

/** Erases the values of WeChat and the user token of a user who unfollowed or withdrew the consent of OAuth. */
export async function eraseWechatProfile(deps: EraseProfileDeps, person: Person): Promise<void> {
  await dropUserToken(deps.table, person);
  await erase(deps, person, {
    fieldsOf: ({ wechatFields }) => PROFILE_FIELDS.filter((field) => wechatFields?.has(field)),
    clear: (account) => clearWechatProfile(deps.table, account),
  });
}

/**
 * Erases fields of the profile, also values that the user entered. Mini-programs send the name and the picture of WeChat
 * as input of the user: the nickname keyboard and the picker of pictures offer them, and the input does not show its
 * origin. The file of an uploaded avatar remains until the avatar changes or the account is closed.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/userProfile.html
 */
export function eraseProfile(deps: EraseProfileDeps, person: Person, fields: Fields = PROFILE_FIELDS): Promise<void> {
  return erase(deps, person, {
    fieldsOf: (account) =>
      fields.filter((field) => account[field] !== undefined || (field === 'avatarUrl' && account.pendingAvatar)),
    clear: (account, present) => clearProfile(deps.table, account.id, present),
  });
}

/** Repeats the write when a concurrent login merged the account, or the user entered another value. */
async function erase(
  deps: EraseProfileDeps,
  { appId, openId }: Person,
  profile: { fieldsOf(account: Account): Fields; clear(account: Account, fields: Fields): Promise<boolean> },
): Promise<void> {
  const accountId = await retryOnConflict(deps, async () => {
    const identity = await readIdentity(deps.table, { appId, openId }, 'strong');
    const account = identity?.accountId && (await readAccount(deps.table, identity.accountId, 'strong'));
    const present = account ? profile.fieldsOf(account) : [];
    if (!account || present.length === 0) return undefined;
    return (await profile.clear(account, present)) ? account.id : VERSION_CONFLICT;
  });
  if (accountId !== undefined) deps.log.info('identity.profile-erased', { accountId });
}
