import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { cookieQuery, pageSession, session, user, WECHAT_ERRORS } from './shared.ts';

const base64 = v.pipe(v.string(), v.minLength(1), v.maxLength(8_192));
const nickname = v.pipe(v.string(), v.maxLength(256));
const avatarUrl = v.pipe(v.string(), v.maxLength(1_024));
const avatarUploadId = v.pipe(v.string(), v.maxLength(64));
/** Whether the number may be taken over from an inactive account. */
const takeOver = v.optional(v.boolean());
const code = v.pipe(v.string(), v.minLength(1), v.maxLength(512));

export const loginMiniapp = endpoint({
  method: 'POST',
  path: '/miniapp/login',
  summary: 'Log in with a wx.login code; the first login creates the account',
  auth: 'none',
  request: { body: v.object({ code }) },
  status: 200,
  answer: v.object({ ...session.entries, isNewUser: v.boolean() }),
  errors: ['WECHAT_CODE_INVALID', 'WECHAT_USER_BLOCKED', 'IDENTITY_CONFLICT', ...WECHAT_ERRORS],
});

export const bindPhone = endpoint({
  method: 'POST',
  path: '/miniapp/phone',
  summary: 'Bind a phone by the code of the phone button, or by the encrypted data of older base libraries',
  auth: 'session',
  request: {
    body: v.union(
      [v.object({ code, takeOver }), v.object({ encryptedData: base64, iv: base64, takeOver })],
      'needs code, or encryptedData and iv',
    ),
  },
  status: 200,
  answer: session,
  errors: [
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'ORIGIN_NOT_ALLOWED',
    'WECHAT_CODE_INVALID',
    'SESSION_EXPIRED',
    'FRESH_LOGIN_REQUIRED',
    'PHONE_ALREADY_BOUND',
    ...WECHAT_ERRORS,
  ],
});

export const updateProfile = endpoint({
  method: 'PUT',
  path: '/miniapp/profile',
  summary: 'Change nickname and avatar: values that the user entered, an upload, or encrypted and signed data',
  auth: 'session',
  request: {
    body: v.union(
      [
        v.object({
          rawData: v.pipe(v.string(), v.minLength(1), v.maxLength(8_192)),
          signature: v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{40}$/)),
          encryptedData: base64,
          iv: base64,
        }),
        // Each option has all fields, so that avatarUrl together with avatarUploadId reaches the flow, which rejects both.
        v.object({ nickname, avatarUrl: v.optional(avatarUrl), avatarUploadId: v.optional(avatarUploadId) }),
        v.object({ nickname: v.optional(nickname), avatarUrl, avatarUploadId: v.optional(avatarUploadId) }),
        v.object({ nickname: v.optional(nickname), avatarUrl: v.optional(avatarUrl), avatarUploadId }),
      ],
      'needs nickname, avatarUrl or avatarUploadId, or rawData, signature, encryptedData and iv',
    ),
  },
  status: 200,
  answer: v.object({ user }),
  errors: [
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'ORIGIN_NOT_ALLOWED',
    'SESSION_EXPIRED',
    'NOT_FOUND',
    'CONTENT_REFUSED',
    'RATE_LIMITED',
    'NOT_CONFIGURED',
  ],
});

export const register = endpoint({
  method: 'POST',
  path: '/register',
  summary: 'Create an account for a user who scanned a login code and has no account',
  auth: 'none',
  request: {
    body: v.object({ registrationToken: v.pipe(v.string(), v.minLength(1), v.maxLength(4_096)) }),
    query: cookieQuery,
    headers: v.object({ origin: v.optional(v.string()) }),
  },
  status: 201,
  answer: pageSession,
  setsCookies: true,
  errors: ['UNAUTHENTICATED', 'ORIGIN_NOT_ALLOWED', 'IDENTITY_CONFLICT', 'RATE_LIMITED', 'NOT_CONFIGURED'],
});
