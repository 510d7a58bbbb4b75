import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { WECHAT_ERRORS } from './shared.ts';

export const getJssdkConfig = endpoint({
  method: 'GET',
  path: '/jssdk/config',
  summary: 'What wx.config needs on one page of ours, signed',
  auth: 'none',
  request: { query: v.object({ url: v.pipe(v.string(), v.minLength(1), v.maxLength(2_048)) }) },
  status: 200,
  answer: v.object({
    appId: v.string(),
    timestamp: v.pipe(v.number(), v.integer()),
    nonceStr: v.string(),
    signature: v.string(),
    jsApiList: v.array(v.string()),
  }),
  errors: ['ORIGIN_NOT_ALLOWED', ...WECHAT_ERRORS],
});

export const authorize = endpoint({
  method: 'GET',
  path: '/oauth/authorize',
  summary: 'Send a browser inside WeChat to the consent page; it comes back to `redirect`, logged in by cookie',
  auth: 'none',
  request: {
    query: v.object({
      redirect: v.pipe(v.string(), v.minLength(1), v.maxLength(2_048)),
      scope: v.optional(v.picklist(['snsapi_base', 'snsapi_userinfo']), 'snsapi_base'),
    }),
  },
  status: 302,
  errors: ['NOT_CONFIGURED'],
});

export const oauthCallback = endpoint({
  method: 'GET',
  path: '/oauth/callback',
  summary: 'Where WeChat sends the browser back to; the same code again gives the same answer',
  auth: 'none',
  request: {
    query: v.object({
      code: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
      state: v.pipe(v.string(), v.regex(/^[0-9a-zA-Z]{1,128}$/)),
    }),
  },
  status: 302,
  errors: [
    'FORBIDDEN',
    'SNAPSHOT_USER',
    'WECHAT_CODE_INVALID',
    'WECHAT_USER_BLOCKED',
    'IDENTITY_CONFLICT',
    ...WECHAT_ERRORS,
  ],
});

export const getVerificationFile = endpoint({
  method: 'GET',
  path: '/{file}',
  summary: 'MP_verify_….txt, by which WeChat sees whose domain this is; a route takes whole segments only',
  auth: 'none',
  request: { path: v.object({ file: v.string() }) },
  status: 200,
  answer: v.string(),
  errors: ['NOT_FOUND', 'NOT_CONFIGURED'],
});
