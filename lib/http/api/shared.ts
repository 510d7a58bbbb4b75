import * as v from 'valibot';

/** An amount of money, or a sum. */
export const fen = v.pipe(v.number(), v.integer());

export const user = v.object({
  id: v.string(),
  username: v.string(),
  initialized: v.boolean(),
  nickname: v.nullable(v.string()),
  avatarUrl: v.nullable(v.string()),
  phone: v.nullable(v.string()),
});

/** A session as every login answers it; `expiresIn` in seconds. */
export const session = v.object({
  token: v.string(),
  tokenType: v.literal('Bearer'),
  expiresIn: v.pipe(v.number(), v.integer()),
  user,
});

/** What any route that calls WeChat may come to. */
export const WECHAT_ERRORS = [
  'RATE_LIMITED',
  'WECHAT_CONFIG',
  'NOT_CONFIGURED',
  'WECHAT_UNAVAILABLE',
  'WECHAT_TIMEOUT',
] as const;
