import { isIP } from 'node:net';
import { fromBeijingDigits } from '../../beijing-time.ts';
import { isRecord, parseJson } from '../../http.ts';
import type { TradeType } from '../ledger.ts';
import { notifyUrlPattern, outRefundNoPattern, outTradeNoPattern } from '../patterns.ts';
import { bytesOf, findProblem, text } from '../rule.ts';
import type { LengthOf } from '../rule.ts';
import { ResultCodeError } from './error.ts';
import type { V2Fields } from './sign.ts';

interface FieldRule {
  max: number;
  pattern?: RegExp;
  required?: true;
  /** A check beyond the pattern. */
  check?: (value: string) => boolean;
}

type Rules = Record<string, FieldRule>;

const requiredText = (max: number, pattern?: RegExp): FieldRule => ({
  max,
  required: true,
  ...(pattern && { pattern }),
});

/** The fields of every signed call; `appid` and `mch_id` are checked separately. */
export const commonRules: Rules = {
  nonce_str: requiredText(32),
  sign_type: { max: 32, pattern: /^(MD5|HMAC-SHA256)$/ },
};

export const outTradeNoRule: Rules = { out_trade_no: requiredText(32, outTradeNoPattern) };

const orderRules: Rules = {
  ...outTradeNoRule,
  device_info: { max: 32 },
  body: requiredText(127),
  detail: { max: 6000, check: isJsonObject },
  attach: { max: 127 },
  fee_type: { max: 16, pattern: /^CNY$/ },
  total_fee: requiredText(10, /^[1-9]\d*$/),
  spbill_create_ip: { ...requiredText(64), check: (value) => isIP(value) !== 0 },
  time_start: { max: 14, check: isTime },
  time_expire: { max: 14, check: isTime },
  goods_tag: { max: 32 },
  notify_url: requiredText(256, notifyUrlPattern),
  trade_type: requiredText(16, /^(JSAPI|NATIVE|MWEB)$/),
  product_id: { max: 32 },
  limit_pay: { max: 32, pattern: /^no_credit$/ },
  openid: { max: 128 },
  receipt: { max: 8, pattern: /^Y$/ },
  profit_sharing: { max: 16, pattern: /^[YN]$/ },
  scene_info: { max: 256, check: isJsonObject },
};

/** `op_user_id`, which older clients send, has no rule. */
export const refundRules: Rules = {
  out_refund_no: requiredText(64, outRefundNoPattern),
  total_fee: requiredText(10, /^[1-9]\d*$/),
  refund_fee: requiredText(10, /^[1-9]\d*$/),
  refund_fee_type: { max: 8, pattern: /^CNY$/ },
  refund_desc: { max: 80 },
  refund_account: { max: 30, pattern: /^REFUND_SOURCE_(UNSETTLED|RECHARGE)_FUNDS$/ },
  notify_url: { max: 256, pattern: notifyUrlPattern },
};

const orderRulesOf: Record<TradeType, Rules> = {
  JSAPI: { ...orderRules, openid: requiredText(128) },
  NATIVE: { ...orderRules, product_id: requiredText(32) },
  MWEB: { ...orderRules, scene_info: { ...requiredText(256), check: hasH5Info } },
};

const minLifetimeMs = 5 * 60_000;

/**
 * Checks the fields of unifiedorder.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
export function checkUnifiedOrder(fields: V2Fields, lengthOf: LengthOf): TradeType {
  checkFields(fields, orderRules, lengthOf);
  const tradeType = fields.trade_type as TradeType;
  checkFields(fields, orderRulesOf[tradeType], lengthOf);
  const { time_start: start, time_expire: expire } = fields;
  const life = start && expire ? (fromBeijingDigits(expire) ?? 0) - (fromBeijingDigits(start) ?? 0) : minLifetimeMs;
  if (life < minLifetimeMs) throw fieldFormatError('time_expire');
  return tradeType;
}

/** Checks each field against its rule; an empty field counts as missing. @throws ResultCodeError */
export function checkFields(fields: V2Fields, rules: Rules, lengthOf: LengthOf = bytesOf): void {
  for (const [name, rule] of Object.entries(rules)) {
    const value = fields[name];
    if (!value) {
      if (rule.required) throw new ResultCodeError('LACK_PARAMS', `缺少参数${name}`);
      continue;
    }
    const wellFormed = !findProblem(text(rule.max, rule.pattern), value, lengthOf) && (rule.check?.(value) ?? true);
    if (!wellFormed) throw fieldFormatError(name);
  }
}

function fieldFormatError(name: string): ResultCodeError {
  return new ResultCodeError('PARAM_ERROR', `${name}参数格式有误`);
}

function isTime(value: string): boolean {
  return fromBeijingDigits(value) !== undefined;
}

function isJsonObject(value: string): boolean {
  return isRecord(parseJson(Buffer.from(value)));
}

/** Whether the text is `{"h5_info":{"type":"Wap","wap_url":…,"wap_name":…}}`, or the same with the name and id of an app. */
function hasH5Info(value: string): boolean {
  const scene = parseJson(Buffer.from(value));
  const info = isRecord(scene) ? scene.h5_info : undefined;
  if (!isRecord(info)) return false;
  const needed = {
    Wap: ['wap_url', 'wap_name'],
    IOS: ['app_name', 'bundle_id'],
    Android: ['app_name', 'package_name'],
  };
  const names = Object.entries(needed).find(([type]) => type === info.type)?.[1];
  return names?.every((name) => typeof info[name] === 'string' && info[name] !== '') ?? false;
}
