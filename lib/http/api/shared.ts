import * as v from 'valibot';

export const user = v.object({
  id: v.string(),
  username: v.string(),
  initialized: v.boolean(),
  nickname: v.nullable(v.string()),
  avatarUrl: v.nullable(v.string()),
  phone: v.nullable(v.string()),
});

/** A session as every login answers it; `expiresIn` in seconds. */
export const sessionFields = {
  token: v.string(),
  tokenType: v.literal('Bearer'),
  expiresIn: v.number(),
  user,
};
