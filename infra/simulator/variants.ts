/**
 * Behaviours that occur only for some accounts, clients or moments, by target. `POST /_faults` plans them, and
 * `Faults.takeVariant` uses them where they act. A behaviour that always occurs is the default of the simulator and
 * needs no entry. A comment names the source of each entry.
 */
export const VARIANTS = {
  /**
   * Open data with the real name and picture, as documented. Old base libraries and mini-programs that were released
   * before the change return them: binarywang/WxJava #2733, gwokhov/chronus #4.
   */
  encrypted: ['real-profile'],
  menu: [
    // A menu from the time before WeChat retired rules about sex, region and language. menu/get returns the menu, and its
    // rule matches no user.
    // https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu.html
    'retired-rule',
    // The page documents the id of a new conditional menu as text; clients receive a number.
    // https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu.html
    'menu-id-as-text',
  ],
  // 41030 until the first release, also for the home page, unless `check_path` is false and `env_version` names another
  // version: binarywang/WxJava #2386, wechatpy/wechatpy #751, JeffreySu/WeiXinMPSDK #3179.
  getwxacodeunlimit: ['unreleased'],
  // 40164 names an IPv6 address alone: reports of 2025 and 2026. The usual form: binarywang/WxJava #3199.
  stable_token: ['ipv6-not-in-whitelist'],
  'official-push': [
    // MsgType and Event in another letter case: chanjarster/weixin-java-tools #168 and #176, ArtisanCloud/PowerWeChat #286,
    // chanxuehong/wechat #177, dodgepudding/wechat-php-sdk #219 and #276, Eric-Guo/wechat #55.
    'lower-case',
    'upper-case',
    'mixed-case',
    // Text whose ends of CDATA sections are escaped. By default they are not: silenceper/wechat #750.
    'escaped-text',
    // The MsgId of the message before: binarywang/WxJava #333 (15 users sent one message each, with one MsgId).
    'shared-msg-id',
    // The CreateTime of the push before: binarywang/WxJava #2231, #2705 and #3445, JeffreySu/WeiXinMPSDK #1106 and #2605.
    'same-second',
  ],
} satisfies Record<string, readonly string[]>;

export type VariantTarget = keyof typeof VARIANTS;
export type Variant<Target extends VariantTarget> = (typeof VARIANTS)[Target][number];
