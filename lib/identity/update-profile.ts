import { AppError } from '../core/errors.ts';
import { readAccount, setProfile, setWechatProfile, type Account, type Profile } from '../store/accounts.ts';
import type { Session } from '../store/sessions.ts';
import type { WechatApp } from '../wechat/client.ts';
import { checkRawData, openSealedData, userInfo, type SealedData } from '../wechat/open-data.ts';
import { userView, type UserView } from './account.ts';
import { accountGone, assertMiniappSession, authenticateAccount, type AuthDeps } from './authenticate.ts';
import { typedProfile, wechatProfile } from './profile-values.ts';

type SignedData = SealedData & { rawData: string; signature: string };

/** The values that the user entered, or the encrypted and signed data of the mini-program's older calls. */
export type ProfileInput = Profile | SignedData;

export type ProfileDeps = AuthDeps & { app: Pick<WechatApp, 'appId'> };

/**
 * Changes nickname and avatar. Values that the user enters replace WeChat's values; WeChat's values never replace
 * values that the user entered. Placeholders of WeChat change nothing.
 * @throws UNAUTHENTICATED, PARAM_ERROR; for encrypted data SESSION_EXPIRED, and FORBIDDEN in a session of another app
 */
export async function updateProfile(
  deps: ProfileDeps,
  { token, input }: { token: string; input: ProfileInput },
): Promise<{ user: UserView }> {
  const { table } = deps;
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  if ('encryptedData' in input) {
    const profile = sealedProfile(deps, session, input);
    return store(deps, account, (current) => setWechatProfile(table, current, profile));
  }
  const profile = typedProfile(input);
  return store(deps, account, ({ id }) => setProfile(table, id, profile));
}

/**
 * Opens the encrypted data. They are untrusted user input, because the cipher does not protect integrity. Therefore no
 * other field is stored, in particular not the unionid. The session key ties the data to the session:
 * `wx.getUserProfile` returns no openid.
 */
function sealedProfile(deps: ProfileDeps, session: Session, input: SignedData): Profile {
  assertMiniappSession(session, deps.app.appId);
  checkRawData(input.rawData, input.signature, session.sessionKey);
  const { openId, nickName, avatarUrl } = openSealedData(userInfo, input, { ...session, nowMs: deps.now() });
  if (openId !== undefined && openId !== session.openId)
    throw new AppError('SESSION_EXPIRED', 'The encrypted data belong to another user');
  return wechatProfile({ nickname: nickName, avatarUrl });
}

/**
 * Stores the profile. If nothing was written, reads the account again and repeats the write, because the account may
 * have changed or been merged meanwhile.
 */
async function store(
  { table }: ProfileDeps,
  account: Account,
  write: (account: Account) => Promise<Account | undefined>,
): Promise<{ user: UserView }> {
  const changed = await write(account);
  if (changed) return { user: userView(changed) };
  const current = await readAccount(table, account.id, 'strong');
  if (!current) throw accountGone();
  return { user: userView((await write(current)) ?? current) };
}
