import { AppError, type ErrorCode } from '../errors.ts';

/** What WeChat said: kept as the cause of an AppError, for logs and for the token owner. Never sent to a client. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly errcode: number;
  readonly ip: string | undefined;

  constructor(errcode: number, errmsg: string) {
    super(`errcode ${errcode} (${errmsg.match(/rid: [\w-]+/)?.[0] ?? 'no rid'})`);
    this.errcode = errcode;
    this.ip = errmsg.match(/invalid ip ([\d.]+)/)?.[1];
  }
}

const DAILY_QUOTA = 45009;
const RETRY_AFTER_S = 60;
const RETRY_AFTER_DAILY_S = 3_600;

/** Platform section 12, by what the caller can do about it. Whatever is not here is WECHAT_UNAVAILABLE. */
const BY_ERRCODE: ReadonlyMap<number, ErrorCode> = new Map([
  ...pairs('WECHAT_CODE_INVALID', [40029, 40163, 41008, 42003]),
  ...pairs('WECHAT_USER_BLOCKED', [40226]),
  ...pairs('RATE_LIMITED', [45009, 45011]),
  ...pairs(
    'WECHAT_CONFIG',
    [40002, 40013, 40125, 40164, 40243, 41002, 41004, 45035, 48001, 48004, 50004, 50007, 61004],
  ),
  ...pairs('WECHAT_CONFIG', [89501, 89502, 89503, 89504, 89505, 89506, 89507]),
]);

/** The closed-list error for one errcode; a wrong setting is named by its variable, a missing IP is shown. */
export function platformError(settings: 'MINIAPP' | 'OFFICIAL', cause: PlatformError): AppError {
  const code = BY_ERRCODE.get(cause.errcode) ?? 'WECHAT_UNAVAILABLE';
  if (code === 'WECHAT_CONFIG') return new AppError(code, configHint(settings, cause), { cause });
  if (code === 'RATE_LIMITED') {
    const retryAfterSeconds = cause.errcode === DAILY_QUOTA ? RETRY_AFTER_DAILY_S : RETRY_AFTER_S;
    return new AppError(code, 'WeChat limits these calls: try again later', { retryAfterSeconds, cause });
  }
  return new AppError(code, TEXT[code] ?? 'WeChat could not do this', { cause });
}

/** The errcode behind an error, if WeChat sent one. */
export function errcodeOf(error: unknown): number | undefined {
  return error instanceof AppError && error.cause instanceof PlatformError ? error.cause.errcode : undefined;
}

/** A wrong secret answers 40001 on the token calls only; anywhere else the same number is a stale token. */
export function secretRefused(settings: 'MINIAPP' | 'OFFICIAL', cause: unknown): AppError {
  return new AppError('WECHAT_CONFIG', secretHint(settings), { cause });
}

const TEXT: Partial<Record<ErrorCode, string>> = {
  WECHAT_CODE_INVALID: 'This code is unknown, used or expired: get a new one from WeChat',
  WECHAT_USER_BLOCKED: 'WeChat has blocked this user as a risk',
};

function configHint(settings: string, { errcode, ip }: PlatformError): string {
  switch (errcode) {
    case 40013:
    case 41002:
      return `WeChat does not know ${settings}_APP_ID`;
    case 40125:
    case 41004:
      return secretHint(settings);
    case 40243:
      return `${settings}_APP_SECRET is frozen in the WeChat console`;
    case 40164:
    case 45035:
    case 61004:
      return `The IP address ${ip ?? 'of this server'} is not on the WeChat whitelist of ${settings}_APP_ID`;
    default:
      return `${settings}_APP_ID may not do this: see errcode ${errcode}`;
  }
}

function secretHint(settings: string): string {
  return `WeChat refuses ${settings}_APP_SECRET`;
}

function pairs(code: ErrorCode, errcodes: number[]): [number, ErrorCode][] {
  return errcodes.map((errcode) => [errcode, code]);
}
