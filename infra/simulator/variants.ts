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
  /**
   * Lengths count characters, as documented. The live platform counts bytes of UTF-8: JeffreySu/WeiXinMPSDK #3217,
   * developers.weixin.qq.com/community 000ac2f693c4e881fc38cd5795b400 and 0004ecb5a60a80dfb99a6c5935ec00,
   * https://pay.weixin.qq.com/doc/v3/merchant/4012886219 (refund reason).
   */
  'text-length': ['characters'],
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
  // CreateTime is documented as a number; samples of JSON pushes have text.
  // https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html
  'miniapp-push': ['create-time-as-text'],
  // WeChat has no record of a user who just opened the mini-program.
  'msg-sec-check': ['61010'],
  'media-check': [
    // WeChat documents a push within 30 minutes. A message type that the console routes to a cloud function never arrives.
    'no-push',
    // The push arrives before the answer of the call that returns its trace_id.
    'push-before-answer',
    // The fields of version 1: isrisky, extra_info_json and status_code.
    'version-1',
  ],
  'trade-push': [
    // Pushes about orders are lost, repeated, or a day late.
    'no-push',
    'duplicate',
    'late',
    // Times are documented as numbers. WeChat publishes no sample, and other JSON pushes have numbers as text (above).
    'numbers-as-text',
  ],
  'upload-shipping': [
    // A payment that stays unknown for longer than some seconds.
    'unknown-payment',
    // The order was shipped by hand in the console.
    'already-shipped',
    // WeChat does not document whether the list of a split shipment is replaced or extended.
    'split-appends',
  ],
  'virtual-push': [
    // Pushes of virtual payment are lost, repeated, or a day late, or their answer is lost.
    'no-push',
    'duplicate',
    'late',
    'lost-answer',
    // WeChat does not document whether ActualPrice is the price of one good or of all. Default: of all.
    // https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
    'unit-price',
  ],
  'query-order': [
    // WeChat does not document the status of an order that is refunded in part: 5 instead of 2 or 4.
    'refunded-in-part',
    // No left_fee: developers.weixin.qq.com, community post 000eccdd1e02783df515ffbc16b800.
    'no-left-fee',
  ],
  // 268490004 for an order that is delivered already. Documented for other calls of virtual payment only.
  'provide-goods': ['repeated'],
  goods: [
    // WeChat declines a good.
    'upload-failed',
    'publish-failed',
    // The status of a task whose good exists: 3 instead of 2. WeChat documents only the status of the good.
    'exists-is-done',
  ],
  // Every cell of the workbook is text inside the cell. WeChat does not document the file.
  'virtual-bill': ['text-cells'],
  // WeChat holds the money of a received order for another day (order_state 6).
  settlement: ['held-for-a-day'],
  // Errors of API v3.
  'pay-error': [
    // `detail` of PARAM_ERROR names the field, as documented. Observed: only `location` and `value`, and the field in the
    // message: labring/sealos #2300, Javen205/IJPay #79, yansongda/pay #795 and #1121.
    'documented-detail',
    // A 4xx without a signature, as for requests whose own signature fails.
    'unsigned',
  ],
  create: [
    // 403 OUT_TRADE_NO_USED for a repeated number with other terms, as documented. Observed: 201 商户订单号重复 in
    // dromara/payment-spring-boot #38, yansongda/pay #705, fudiwei/DotNetCore.SKIT.FlurlHttpClient.Wechat #126.
    'out-trade-no-used',
    // 500 OPENID_MISMATCH, as documented. Observed: PARAM_ERROR 无效的openid (developers.weixin.qq.com, community post
    // 000a28367f8dd812ed30bb39b61800).
    'openid-mismatch',
    // A time_expire in the past or too far is a PARAM_ERROR, as documented before March 2025.
    // https://pay.weixin.qq.com/doc/v3/merchant/4012791856
    'expiry-declined',
    // The merchant has not opened the product, or may not receive payments: community reports, csdn 104848502.
    'product-not-open',
    'collection-restricted',
  ],
  close: [
    // 404 ORDER_NOT_EXIST for an unknown order, as documented. Observed: 204, and in API v2 SUCCESS (community post
    // 00020882f405f8f1f59929efa51000).
    'unknown-order-not-exist',
    // 400 ORDER_CLOSED for an unknown order: community post 00028c48b485e02834efd059b51000.
    'unknown-order-closed',
  ],
  // A coupon of the merchant (免充值券) pays half of the order: `payer_total` and the settled amount are less than `total`
  // (binarywang/WxJava). https://pay.weixin.qq.com/doc/v3/merchant/4012791861
  pay: ['coupon'],
  bill: [
    // Merchants from before 免充值券 get 总金额 and 企业红包金额 instead of the amounts of orders. A bill of such a merchant,
    // of 2015, is in the test data of several shops on GitHub.
    'old-format',
    // Another system of the merchant has a payment and a refund, and revoked a payment by payment code. WeChat Pay deducted
    // and returned fees. Bills are per merchant: https://pay.weixin.qq.com/doc/v3/merchant/4013071227
    // A revoked payment has the amounts of a refund: test data of two bill readers on GitHub, of 2026.
    'foreign-lines',
  ],
  refund: [
    // The next new number belongs to a refund of another system or stage of the merchant. The request is declined, and the
    // query returns the other refund (developers.weixin.qq.com, community posts 000246066e04c86deac0e843866000,
    // 000e2cbc078f204b620df34f752000).
    'foreign-number',
    // 400 REFUND_FEE_MISMATCH for a repeated number with other terms, as documented. Observed: INVALID_REQUEST (the posts
    // above). https://pay.weixin.qq.com/doc/v3/merchant/4013071036
    'fee-mismatch',
    // The unsettled funds of the merchant are too small, and only the available balance can pay: binarywang/WxJava,
    // May 2026.
    'unsettled-not-enough',
    // Partial refunds of one order need a minute between them. Not the default, because it would slow down developers and
    // tests. https://pay.weixin.qq.com/doc/v3/merchant/4013071036
    'too-frequent',
  ],
  // Errors of API v2.
  v2: [
    // A wrong or missing field is `err_code` of a signed answer, as documented, also for the openid (community posts
    // 00066ebcd14eb832561bc86e651000, 00006649eb4c80fe66c2e15b061c00). Observed: an unsigned `return_msg` (csdn 104848502).
    'signed-field-error',
    // An overload without an error code: <return_msg>系统繁忙,请稍后再试.</return_msg>, as in Tencent's examples.
    'busy-text',
  ],
  // A notification of another product arrives at the address of the orders before that of the payment. Its event type is
  // that of a payment, and its form differs. Samples: fudiwei/DotNetCore.SKIT.FlurlHttpClient.Wechat (EventSamples).
  notify: ['partner-form', 'combined-form', 'profit-sharing', 'papay'],
  // A serial number that begins with a zero byte, which X.509 omits and `serial_no` shows: wechatpay-apiv3/wechatpay-go #46.
  certificates: ['leading-zero-serial'],
} as const satisfies Record<string, readonly string[]>;

export type VariantTarget = keyof typeof VARIANTS;
export type Variant<Target extends VariantTarget> = (typeof VARIANTS)[Target][number];
