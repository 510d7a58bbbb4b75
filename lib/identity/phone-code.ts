import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { claimPhoneCode, putPhoneOfCode, releasePhoneCode } from '../store/phone-codes.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { e164, fetchPhoneNumber, type PhoneInfo } from '../wechat/phone-number.ts';
import { claimWait, CODE_LIFE_S, DUPLICATE_POLL_MS, hashOfCode } from './code-session.ts';
import type { SessionDeps } from './open-session.ts';

export type PhoneCodeDeps = SessionDeps & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/** Age of a pending claim whose function has ended without an answer: longer than the timeout of the function. */
const ABANDONED_MS = 20_000;
/** Maximum wait for the request that asks WeChat: as long as its call may take. */
const WAIT_MS = 5_000;

/**
 * Returns the phone number of a code of the phone button (E.164). The first request with a code asks WeChat. For
 * CODE_LIFE_S, later requests of the same account get the stored answer.
 *
 * WeChat returns the same error for a used and for a wrong code, so a claim is stored before WeChat is asked. A pending
 * claim of the same account shows that a request is under way. One request may wait for each claimant, for WAIT_MS in
 * all. If the claimant fails, the next request asks WeChat as a new claimant.
 * @returns `phone` is undefined for a code whose number was bound before
 * @throws WECHAT_CODE_INVALID, also for a code of another account; RATE_LIMITED while another request with this code is
 * under way; PARAM_ERROR for a number without a clear country code; WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function phoneOfCode(
  deps: PhoneCodeDeps,
  { accountId, openId, code }: { accountId: string; openId: string; code: string },
): Promise<{ codeHash: string; phone: string | undefined }> {
  const codeHash = hashOfCode('phone_code', deps.app.appId, code);
  const claimant = deps.randomBytes(12).toString('base64url');
  const deadlineMs = deps.now() + WAIT_MS;
  for (let awaited: string | undefined; ;) {
    const claimedAtMs = deps.now();
    const expiresAt = Math.floor(claimedAtMs / 1_000) + CODE_LIFE_S;
    const claim = { codeHash, accountId, claimant, claimedAtMs, expiresAt };
    const earlier = await claimPhoneCode(deps.table, claim, ABANDONED_MS);
    if (!earlier) return { codeHash, phone: await askWechat(deps, { codeHash, claimant, code, openId }) };
    if (earlier.accountId !== accountId) throw ofAnotherUser();
    if (earlier.settled || earlier.phone !== undefined) return { codeHash, phone: earlier.phone };
    if (deps.now() >= deadlineMs) throw underWay();
    const isNew = earlier.claimant !== awaited;
    if (isNew && !(await claimWait(deps, `${codeHash}#${earlier.claimant}`))) throw underWay();
    awaited = earlier.claimant;
    await deps.sleep(DUPLICATE_POLL_MS);
  }
}

async function askWechat(
  deps: PhoneCodeDeps,
  { codeHash, claimant, code, openId }: { codeHash: string; claimant: string; code: string; openId: string },
): Promise<string> {
  const { app, table } = deps;
  let phone;
  try {
    const request = { app, code, openId };
    phone = resolvePhone(
      deps,
      await deps.accessToken.withToken((accessToken) => fetchPhoneNumber(deps, { ...request, accessToken })),
    );
  } catch (error) {
    await releasePhoneCode(table, { codeHash, claimant });
    throw error;
  }
  await putPhoneOfCode(table, { codeHash, claimant }, phone);
  return phone;
}

/**
 * Returns the number in E.164. Logs the form of a number without a clear country code, for the operator.
 * @throws PARAM_ERROR for such a number. A retry is useless, because WeChat returns the same number
 */
export function resolvePhone({ log }: Pick<PhoneCodeDeps, 'log'>, info: PhoneInfo): string {
  const phone = e164(info);
  if (phone !== undefined) return phone;
  log.error('phone.number-unresolved', {
    countryCode: info.countryCode.slice(0, 6),
    fullForm: formOf(info.phoneNumber),
    pureForm: formOf(info.purePhoneNumber),
  });
  throw new AppError('PARAM_ERROR', 'WeChat returned a phone number without a clear country code; bind another number');
}

/** Returns the number with each character except `+` replaced, because a log must not contain a phone number. */
function formOf(number: string): string {
  return number.slice(0, 24).replaceAll(/[^+]/g, '9');
}

function ofAnotherUser(): AppError {
  return new AppError('WECHAT_CODE_INVALID', 'The phone code belongs to another user');
}

function underWay(): AppError {
  return new AppError('RATE_LIMITED', 'Another request with this phone code is under way; send it again in a moment', {
    retryAfterSeconds: 2,
  });
}
