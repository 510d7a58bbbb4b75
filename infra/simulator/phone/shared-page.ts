// A page that the user opens from a shared chat message, and its call of `wx.config`.
// See https://developers.weixin.qq.com/doc/service/guide/h5/jssdk.html
import { createHash } from 'node:crypto';
import { readChoice, readText, type ControlBody } from '../control-body.ts';
import { controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import type { World } from '../world.ts';
import type { PhoneActions } from './action.ts';

export const sharedPageActions: PhoneActions = {
  'open-shared': (_world, _user, body) => ({ location: openShared(body) }),
  'wx-config': (world, _user, body) => ({ errMsg: checkConfig(world, body) }),
};

/**
 * Returns the `location.href` of a page that was opened from a shared message. WeChat appends two parameters, and the
 * browser normalises the address: a slash after the host, and percent-encoding.
 * liyiorg/weixin-popular #62, w7corp/easywechat #1002, isaaxite/isaaxite.github.io #108,
 * https://juejin.cn/post/7368678002236227623
 */
function openShared(body: ControlBody): string {
  const shared = readText(body, 'url');
  if (!/^https?:\/\//.test(shared) || !URL.canParse(shared)) throw controlParamError('url must be an http(s) address');
  const from = readChoice(body, 'from', ['singlemessage', 'groupmessage', 'timeline']) ?? 'singlemessage';
  const location = new URL(shared);
  location.username = '';
  location.password = '';
  const appended = `from=${from}&isappinstalled=0`;
  const { search } = location;
  location.search = search === '' ? appended : `${search}&${appended}`;
  return location.href;
}

/** Checks the options of `wx.config` on a page with this address, as WeChat does. */
function checkConfig({ settings, tickets }: World, body: ControlBody): string {
  const [url] = readText(body, 'location').split('#');
  const { config } = body;
  if (!isRecord(config) || !Array.isArray(config.jsApiList)) {
    throw controlParamError('config must be the options of wx.config, with a jsApiList');
  }
  const { appId, timestamp, nonceStr, signature } = config;
  if (appId !== settings.official.appId) return 'config:fail,invalid appid';
  const ticket = tickets.valid(settings.official.appId);
  const signed = `jsapi_ticket=${ticket}&noncestr=${nonceStr}&timestamp=${timestamp}&url=${url}`;
  const expected = createHash('sha1').update(signed).digest('hex');
  return ticket !== undefined && signature === expected ? 'config:ok' : 'config:fail,invalid signature';
}
