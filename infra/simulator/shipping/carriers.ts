/**
 * Carriers of `get_delivery_list`: the code, and the name that operators know. The documented list has 1379. Its codes are
 * not those of the logistics assistant: Yunda is YD here and YUNDA there.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export const CARRIERS: Record<string, string> = {
  '(AU)': 'Interparcel',
  ANE: '安能物流',
  BDT: '八达通',
  DBL: '德邦快递',
  DHL: 'DHL',
  EMS: 'EMS',
  FEDEX: 'FEDEX联邦(国内件)',
  HHTT: '天天快递',
  HTKY: '百世快递',
  JD: '京东快递',
  JTSD: '极兔速递',
  KYSY: '跨越速运',
  QFKD: '全峰快递',
  SF: '顺丰速运',
  STO: '申通快递',
  UC: '优速快递',
  YD: '韵达速递',
  YTO: '圆通速递',
  YZPY: '邮政快递包裹',
  ZJS: '宅急送',
  ZTO: '中通快递',
};
