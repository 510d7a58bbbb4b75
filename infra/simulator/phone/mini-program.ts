// The user's actions in the mini-program: login, phone button, open data, consent to messages.
import { realSeconds } from '../clock.ts';
import { readChoice, readCount, readFlag, readInteger, readOptionalText, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { encryptOpenData, phoneInfo, placeholderProfile, publicProfile, rawDataSignature } from '../open-data.ts';
import type { WechatUser, PhoneNumber } from '../wechat-users.ts';
import type { World } from '../world.ts';
import type { PhoneActions } from './action.ts';

export const miniProgramActions: PhoneActions = {
  /**
   * Issues a `wx.login` code. Replaces the session key unless `rotate` is false.
   * @see https://developers.weixin.qq.com/miniprogram/dev/api/open-api/login/wx.login.html
   */
  'login-code': ({ users, clock, loginCodes }, user, body) => {
    user.openedMiniProgramAt = clock.now();
    if (readFlag(body, 'rotate', true) || !user.sessionKey) users.renewSessionKey(user);
    return { code: loginCodes.issue(user) };
  },
  'phone-code': ({ phoneCodes }, user) => ({
    code: phoneCodes.issue({ openIds: user.openIds, phone: phoneOf(user) }),
  }),
  encrypted: provideOpenData,
  /**
   * Chooses a picture. The address is a temporary file of the phone, which no server can fetch. The mini-program uploads
   * its bytes, which `GET /_phone/files/{name}` returns:
   * youzan/vant-weapp #4939, NervJS/taro #11228, imal1/IdolRadar #70.
   * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/userProfile.html
   */
  'choose-avatar': ({ files }, _user, body) => {
    const form = readChoice(body, 'form', ['http', 'wxfile', 'devtools']) ?? 'http';
    return { avatarUrl: `${temporaryFolder[form]}${files.add(readOptionalText(body, 'picture') ?? 'jpeg')}` };
  },
  /**
   * Allows a number of further subscribe messages of a template.
   * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html
   */
  'allow-message': (_, { grants }, body) => {
    const templateId = readText(body, 'templateId');
    const left = (grants.get(templateId) ?? 0) + readCount(body, 'times');
    grants.set(templateId, left);
    return { templateId, left };
  },
};

const temporaryFolder = {
  http: 'http://tmp/',
  wxfile: 'wxfile://tmp_',
  devtools: 'http://127.0.0.1:47692/__tmp__/',
};

function provideOpenData({ users, settings, faults }: World, user: WechatUser, body: ControlBody): object {
  const appid = readOptionalText(body, 'appId') ?? settings.miniapp.appId;
  const watermark = { timestamp: realSeconds() - readInteger(body, 'ageSeconds', 0), appid };
  const countryCodeAs = readChoice(body, 'countryCodeAs', ['number', 'string']);
  const sessionKey = user.sessionKey ?? users.renewSessionKey(user);
  switch (readChoice(body, 'kind', ['userInfo', 'phone'])) {
    case undefined:
      throw controlParamError('kind must be userInfo or phone');
    case 'phone': {
      const phone = withCountryCode(phoneOf(user), countryCodeAs);
      const data = JSON.stringify(phoneInfo(phone, watermark));
      return { ...encryptOpenData(data, sessionKey), rawData: '', signature: '' };
    }
    case 'userInfo': {
      const api = readChoice(body, 'api', ['getUserInfo', 'getUserProfile']) ?? 'getUserInfo';
      const profile = publicProfile(faults.takeVariant('encrypted', 'real-profile') ? user : placeholderProfile);
      // wx.getUserProfile returns no ids: binarywang/WxJava #2069, #2585 and #3302, node-webot/wechat-oauth #57.
      const ids = { openId: user.openIds.miniapp, unionId: users.unionIdIn('miniapp', user) };
      const data = JSON.stringify({ ...(api === 'getUserInfo' && ids), ...profile, watermark });
      const rawData = JSON.stringify(profile);
      return { ...encryptOpenData(data, sessionKey), rawData, signature: rawDataSignature(rawData, sessionKey) };
    }
  }
}

function withCountryCode(phone: PhoneNumber, as: 'number' | 'string' | undefined): PhoneNumber {
  if (!as) return phone;
  return { ...phone, countryCode: as === 'number' ? Number(phone.countryCode) : String(phone.countryCode) };
}

function phoneOf({ id, phone }: WechatUser): PhoneNumber {
  if (!phone) throw new ControlError(409, 'NO_PHONE', `${id} has no phone number: make a person that has one`);
  return phone;
}
