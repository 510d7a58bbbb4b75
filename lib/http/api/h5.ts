import * as v from 'valibot';
import { PAGE_ADDRESS_HINT } from '../../core/page-address.ts';
import { endpoint } from '../endpoint.ts';
import { WECHAT_ERRORS } from './shared.ts';

export const getJssdkConfig = endpoint({
  method: 'GET',
  path: '/jssdk/config',
  summary: 'Get the signed wx.config options of a page; `url` is the address that was signed',
  auth: 'none',
  // An unencoded `&` splits the address of the page, so its rest arrives as further parameters.
  request: {
    query: v.strictObject(
      { url: v.pipe(v.string(PAGE_ADDRESS_HINT), v.minLength(1, PAGE_ADDRESS_HINT), v.maxLength(8_192)) },
      PAGE_ADDRESS_HINT,
    ),
  },
  status: 200,
  answer: v.object({
    appId: v.string(),
    timestamp: v.pipe(v.number(), v.integer()),
    nonceStr: v.string(),
    signature: v.string(),
    jsApiList: v.array(v.string()),
    openTagList: v.optional(v.array(v.string())),
    url: v.string(),
  }),
  errors: ['ORIGIN_NOT_ALLOWED', ...WECHAT_ERRORS],
});

export const authorize = endpoint({
  method: 'GET',
  path: '/oauth/authorize',
  summary: 'Redirect a browser inside WeChat to the consent page; it returns to `redirect` with a session cookie',
  auth: 'none',
  client: 'browser',
  request: {
    query: v.object({
      redirect: v.pipe(v.string(), v.minLength(1), v.maxLength(2_048)),
      scope: v.optional(v.picklist(['snsapi_base', 'snsapi_userinfo']), 'snsapi_base'),
    }),
  },
  status: 302,
  errors: ['RATE_LIMITED', 'NOT_CONFIGURED'],
});

export const oauthCallback = endpoint({
  method: 'GET',
  path: '/oauth/callback',
  summary:
    'Receive the browser from WeChat, also a second time; a failed login returns to `redirect` with `login_error`, or shows a page',
  auth: 'none',
  client: 'browser',
  // No further rules: browsers lose and alter both parameters, and the flow decides the answer.
  request: { query: v.object({ code: v.optional(v.string()), state: v.optional(v.string()) }) },
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
  summary: 'Get a verification file, such as MP_verify_….txt, by which WeChat verifies the owner of the domain',
  auth: 'none',
  request: { path: v.object({ file: v.string() }) },
  status: 200,
  answer: v.string(),
  errors: ['NOT_FOUND', 'NOT_CONFIGURED'],
});
