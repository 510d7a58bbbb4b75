import { isIP } from 'node:net';
import { fromBeijingDigits } from '../../beijing-time.ts';
import { isRecord, parseJson } from '../../http.ts';
import { notifyUrlForm, outTradeNoForm } from '../forms.ts';
import type { TradeType } from '../ledger.ts';
import { findProblem, text } from '../rule.ts';
import { V2Error } from './error.ts';
import type { V2Fields } from './sign.ts';

interface FieldRule {
  max: number;
  form?: RegExp;
  required?: true;
  /** Goes further than a form can. */
  check?: (value: string) => boolean;
}

type Rules = Record<string, FieldRule>;

const required = (max: number, form?: RegExp): FieldRule => ({ max, required: true, ...(form && { form }) });

/** What every signed call carries; `appid` and `mch_id` are looked at before. */
export const commonRules: Rules = {
  nonce_str: required(32),
  sign_type: { max: 32, form: /^(MD5|HMAC-SHA256)$/ },
};

export const outTradeNoRule: Rules = { out_trade_no: required(32, outTradeNoForm) };

const orderRules: Rules = {
  ...outTradeNoRule,
  device_info: { max: 32 },
  body: required(127),
  detail: { max: 6000, check: isJsonObject },
  attach: { max: 127 },
  fee_type: { max: 16, form: /^CNY$/ },
  total_fee: required(10, /^[1-9]\d*$/),
  spbill_create_ip: { ...required(64), check: (value) => isIP(value) !== 0 },
  time_start: { max: 14, check: isTime },
  time_expire: { max: 14, check: isTime },
  goods_tag: { max: 32 },
  notify_url: required(256, notifyUrlForm),
  trade_type: required(16, /^(JSAPI|NATIVE|MWEB)$/),
  product_id: { max: 32 },
  limit_pay: { max: 32, form: /^no_credit$/ },
  openid: { max: 128 },
  receipt: { max: 8, form: /^Y$/ },
  profit_sharing: { max: 16, form: /^[YN]$/ },
  scene_info: { max: 256, check: isJsonObject },
};

const orderRulesOf: Record<TradeType, Rules> = {
  JSAPI: { ...orderRules, openid: required(128) },
  NATIVE: { ...orderRules, product_id: required(32) },
  MWEB: { ...orderRules, scene_info: { ...required(256), check: hasH5Info } },
};

const shortestLifeMs = 5 * 60_000;

/** Checks the fields of unifiedorder (pay 5.3). */
export function checkOrder(fields: V2Fields): TradeType {
  checkFields(fields, orderRules);
  const tradeType = fields.trade_type as TradeType;
  checkFields(fields, orderRulesOf[tradeType]);
  const { time_start: start, time_expire: expire } = fields;
  const life = start && expire ? (fromBeijingDigits(expire) ?? 0) - (fromBeijingDigits(start) ?? 0) : shortestLifeMs;
  if (life < shortestLifeMs) throw paramError('time_expire');
  return tradeType;
}

/** Finds the first field that is missing or breaks its rule; what is empty counts as missing (pay 5.2). */
export function checkFields(fields: V2Fields, rules: Rules): void {
  for (const [name, rule] of Object.entries(rules)) {
    const value = fields[name];
    if (!value) {
      if (rule.required) throw new V2Error('LACK_PARAMS', `缺少参数${name}`);
      continue;
    }
    const wellFormed = !findProblem(text(rule.max, rule.form), value) && (rule.check?.(value) ?? true);
    if (!wellFormed) throw paramError(name);
  }
}

function paramError(name: string): V2Error {
  return new V2Error('PARAM_ERROR', `${name}参数格式有误`);
}

function isTime(value: string): boolean {
  return fromBeijingDigits(value) !== undefined;
}

function isJsonObject(value: string): boolean {
  return isRecord(parseJson(Buffer.from(value)));
}

/** `{"h5_info":{"type":"Wap","wap_url":…,"wap_name":…}}`, or of an app: its name and its id. */
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
