import { AppError } from '../core/errors.ts';
import { readAccount, setProfile, type Account, type Profile } from '../store/accounts.ts';
import type { WechatApp } from '../wechat/client.ts';
import { checkRawData, openSealedData, userInfo, type SealedData } from '../wechat/open-data.ts';
import { userView, type UserView } from './account.ts';
import { accountGone, assertMiniappSession, authenticateAccount, type AuthDeps } from './authenticate.ts';

/** The values that the user entered, or the encrypted and signed data of the mini-program's older calls. */
export type ProfileInput = Profile | (SealedData & { rawData: string; signature: string });

export type ProfileDeps = AuthDeps & { app: Pick<WechatApp, 'appId'> };

const MAX_NICKNAME = 64;
const MAX_AVATAR_URL = 1_024;
/**
 * Control characters, lone surrogates, line and paragraph separators, and characters that change the direction of the
 * text around them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;

/**
 * Changes nickname and avatar. Both are untrusted user input, even in encrypted data, because the cipher does not
 * protect integrity. Therefore no other field of the encrypted data is stored, in particular not the unionid.
 * @throws UNAUTHENTICATED, PARAM_ERROR; for encrypted data SESSION_EXPIRED, and FORBIDDEN in a session of another app
 */
export async function updateProfile(
  deps: ProfileDeps,
  { token, input }: { token: string; input: ProfileInput },
): Promise<{ user: UserView }> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  if (!('encryptedData' in input)) return store(deps, account, checkProfile(input), 'user');
  assertMiniappSession(session, deps.app.appId);
  checkRawData(input.rawData, input.signature, session.sessionKey);
  const info = openSealedData(userInfo, input, { ...session, nowMs: deps.now() });
  if (info.openId !== session.openId)
    throw new AppError('SESSION_EXPIRED', 'The encrypted data belong to another user');
  return store(deps, account, wechatProfile({ nickname: info.nickName, avatarUrl: info.avatarUrl }), 'wechat');
}

/** Converts a profile from WeChat. Leaves out values that would be rejected as user input. */
export function wechatProfile({ nickname, avatarUrl }: { nickname: string; avatarUrl: string }): Profile {
  const secureUrl = avatarUrl.replace(/^http:/, 'https:');
  return {
    ...(isNickname(nickname.trim()) && { nickname: nickname.trim() }),
    ...(isAvatarUrl(secureUrl) && { avatarUrl: new URL(secureUrl).href }),
  };
}

function checkProfile({ nickname, avatarUrl }: Profile): Profile {
  if (nickname === undefined && avatarUrl === undefined) throw invalidField('nickname', 'set nickname or avatarUrl');
  if (nickname !== undefined && !isNickname(nickname.trim())) {
    throw invalidField('nickname', `must have 1 to ${MAX_NICKNAME} characters, without invisible characters`);
  }
  if (avatarUrl !== undefined && !isAvatarUrl(avatarUrl)) {
    throw invalidField('avatarUrl', `must be an https address of at most ${MAX_AVATAR_URL} characters`);
  }
  return {
    ...(nickname !== undefined && { nickname: nickname.trim() }),
    ...(avatarUrl !== undefined && { avatarUrl: new URL(avatarUrl).href }),
  };
}

function isNickname(text: string): boolean {
  return text !== '' && [...text].length <= MAX_NICKNAME && !UNPRINTABLE.test(text);
}

function isAvatarUrl(text: string): boolean {
  if (text.length > MAX_AVATAR_URL || /\s/.test(text) || UNPRINTABLE.test(text) || !URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocol === 'https:' && username === '' && password === '';
}

/** Stores the profile. If the account was merged meanwhile, writes the profile to the remaining account. */
async function store(
  { table }: ProfileDeps,
  { id }: Account,
  profile: Profile,
  source: 'user' | 'wechat',
): Promise<{ user: UserView }> {
  const changed = await setProfile(table, id, profile, source);
  const account = changed ?? (await readAccount(table, id, 'strong'));
  if (!account) throw accountGone();
  const settled = changed ?? (await setProfile(table, account.id, profile, source)) ?? account;
  return { user: userView(settled) };
}

function invalidField(field: string, expected: string): AppError {
  return new AppError('PARAM_ERROR', `body.${field}: ${expected}`, { detail: { field: `body.${field}` } });
}
