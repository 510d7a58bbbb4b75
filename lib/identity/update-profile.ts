import { AppError } from '../core/errors.ts';
import { readAccount, setProfile, setWechatProfile, type Account, type Profile } from '../store/accounts.ts';
import type { Session } from '../store/sessions.ts';
import type { WechatApp } from '../wechat/client.ts';
import { openRawData, openSealedData, userOfInfo, type SealedData } from '../wechat/open-data.ts';
import { userView, type UserView } from './account.ts';
import { accountGone, assertMiniappSession, authenticateAccount, type AuthDeps } from './authenticate.ts';
import { checkProfile, type ProfileCheckDeps } from './check-profile.ts';
import { invalidField, typedProfile, wechatProfile } from './profile-values.ts';

type SignedData = SealedData & { rawData: string; signature: string };

/** The values that the user entered. The avatar is an address or an upload. */
type TypedInput = Profile & { avatarUploadId?: string | undefined };

/** The values that the user entered, or the encrypted and signed data of the mini-program's older calls. */
export type ProfileInput = TypedInput | SignedData;

export type ProfileDeps = AuthDeps & {
  app: Pick<WechatApp, 'appId'>;
  publicBaseUrl: string;
  /** Undefined while CONTENT_CHECK is off. */
  contentCheck: ProfileCheckDeps | undefined;
  /** Makes an upload of the user the avatar, and sets the nickname with it. @throws NOT_FOUND, CONTENT_REFUSED */
  chooseAvatar(account: Account, avatar: { uploadId: string; nickname?: string | undefined }): Promise<Account>;
  /** Deletes the uploaded pictures that were the avatar of the account before. @returns the account as it is now */
  deleteReplaced(account: Account): Promise<Account>;
};

/**
 * Changes nickname and avatar. Values that the user enters replace WeChat's values; WeChat's values never replace
 * values that the user entered. Placeholders of WeChat change nothing.
 * @throws UNAUTHENTICATED, PARAM_ERROR; CONTENT_REFUSED for a nickname or an upload; NOT_FOUND and RATE_LIMITED for an
 * upload; for encrypted data SESSION_EXPIRED, and FORBIDDEN in a session of another app
 */
export async function updateProfile(
  deps: ProfileDeps,
  { token, input }: { token: string; input: ProfileInput },
): Promise<{ user: UserView }> {
  const { table } = deps;
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  if ('encryptedData' in input) {
    const profile = sealedProfile(deps, session, input);
    return { user: userView(await store(deps, account, (current) => setWechatProfile(table, current, profile))) };
  }
  return { user: userView(await storeTyped(deps, account, input)) };
}

async function storeTyped(deps: ProfileDeps, account: Account, input: TypedInput): Promise<Account> {
  const { avatarUploadId: uploadId, ...entered } = input;
  if (Object.values(input).every((value) => value === undefined)) {
    throw invalidField('nickname', 'set nickname, avatarUrl or avatarUploadId');
  }
  if (uploadId !== undefined && entered.avatarUrl !== undefined) {
    throw invalidField('avatarUploadId', 'send either avatarUrl or avatarUploadId');
  }
  const profile = typedProfile(withoutOwnPicture(deps, account, entered));
  await checkProfile(deps.contentCheck, account, profile);
  if (uploadId !== undefined) return deps.chooseAvatar(account, { uploadId, nickname: profile.nickname });
  const changed = await store(deps, account, ({ id }) => setProfile(deps.table, id, profile));
  return profile.avatarUrl !== undefined && showsUpload(account) ? deps.deleteReplaced(changed) : changed;
}

/** Whether the avatar or the pending avatar may be an uploaded picture. PUBLIC_BASE_URL may have changed since. */
function showsUpload({ avatarUrl, pendingAvatar }: Account): boolean {
  return pendingAvatar !== undefined || (avatarUrl?.includes('/uploads/') ?? false);
}

/**
 * Removes the address of the present avatar, which clients send back with the other values. An address of another
 * uploaded picture would avoid the check and the expiry of the picture.
 * @throws PARAM_ERROR for the address of another uploaded picture
 */
function withoutOwnPicture({ publicBaseUrl }: ProfileDeps, account: Account, entered: Profile): Profile {
  const { avatarUrl, ...rest } = entered;
  if (avatarUrl === undefined || !isOwnPicture(avatarUrl, publicBaseUrl)) return entered;
  if (avatarUrl === account.avatarUrl) return rest;
  throw invalidField('avatarUrl', 'is an uploaded picture; send its uploadId as avatarUploadId');
}

/** Whether an address, in any spelling, leads to the uploaded pictures: gateways decode a path before they route it. */
function isOwnPicture(avatarUrl: string, publicBaseUrl: string): boolean {
  const [given, own] = [URL.parse(avatarUrl), new URL(`${publicBaseUrl}/uploads/`)];
  const path = given?.pathname.replaceAll(/%[2-7][\da-f]/gi, (code) => decodeURIComponent(code));
  return given?.host === own.host && path?.startsWith(own.pathname) === true;
}

/**
 * Opens the signed and the encrypted data. Only signed values are stored: the cipher does not protect integrity, so a
 * user can change parts of the ciphertext, also the unionid. The session key ties the data to the session:
 * `wx.getUserProfile` returns no openid.
 */
function sealedProfile(deps: ProfileDeps, session: Session, input: SignedData): Profile {
  assertMiniappSession(session, deps.app.appId);
  const { nickName, avatarUrl } = openRawData(input, session.sessionKey);
  const { openId } = openSealedData(userOfInfo, input, { ...session, nowMs: deps.now() });
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
): Promise<Account> {
  const changed = await write(account);
  if (changed) return changed;
  const current = await readAccount(table, account.id, 'strong');
  if (!current) throw accountGone();
  return (await write(current)) ?? current;
}
