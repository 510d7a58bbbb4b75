import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';

export const getJssdkConfig = endpoint({
  method: 'GET',
  path: '/jssdk/config',
  summary: 'What wx.config needs on one page of ours, signed',
  auth: 'none',
  request: { query: v.object({ url: v.pipe(v.string(), v.minLength(1), v.maxLength(2_048)) }) },
  status: 200,
  answer: v.object({
    appId: v.string(),
    timestamp: v.number(),
    nonceStr: v.string(),
    signature: v.string(),
    jsApiList: v.array(v.string()),
  }),
  errors: [
    'ORIGIN_NOT_ALLOWED',
    'RATE_LIMITED',
    'WECHAT_CONFIG',
    'NOT_CONFIGURED',
    'WECHAT_UNAVAILABLE',
    'WECHAT_TIMEOUT',
  ],
});
