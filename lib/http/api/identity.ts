import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { sessionFields, user } from './shared.ts';

export const miniappLogin = endpoint({
  method: 'POST',
  path: '/miniapp/login',
  summary: 'Log in with a wx.login code; the first login creates the account',
  auth: 'none',
  request: { body: v.object({ code: v.pipe(v.string(), v.minLength(1), v.maxLength(512)) }) },
  status: 200,
  answer: v.object({ ...sessionFields, isNewUser: v.boolean() }),
  errors: [
    'WECHAT_CODE_INVALID',
    'WECHAT_USER_BLOCKED',
    'RATE_LIMITED',
    'WECHAT_CONFIG',
    'NOT_CONFIGURED',
    'WECHAT_UNAVAILABLE',
    'WECHAT_TIMEOUT',
  ],
});

export const registerAccount = endpoint({
  method: 'POST',
  path: '/register',
  summary: 'Create the account of somebody who scanned a login code and has none',
  auth: 'none',
  request: { body: v.object({ registrationToken: v.pipe(v.string(), v.minLength(1), v.maxLength(4_096)) }) },
  status: 201,
  answer: v.object(sessionFields),
  errors: ['UNAUTHENTICATED', 'NOT_CONFIGURED'],
});

export const getMe = endpoint({
  method: 'GET',
  path: '/me',
  summary: 'The user behind the session',
  auth: 'session',
  status: 200,
  answer: v.object({ user }),
  errors: ['UNAUTHENTICATED', 'NOT_CONFIGURED'],
});

export const postLogout = endpoint({
  method: 'POST',
  path: '/logout',
  summary: 'End the session: its token is refused from now on',
  auth: 'session',
  status: 204,
  errors: ['UNAUTHENTICATED', 'ORIGIN_NOT_ALLOWED', 'NOT_CONFIGURED'],
});
