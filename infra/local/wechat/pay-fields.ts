import { isRecord } from './http.ts';

interface Optional {
  required?: boolean;
}

export type Rule = Optional &
  (
    | { kind: 'string'; max: number; pattern?: RegExp }
    | { kind: 'integer'; min: number }
    | { kind: 'boolean' }
    | { kind: 'array'; item: Rule }
    | { kind: 'object'; fields: Record<string, Rule>; maxBytes?: number }
  );

export interface FieldProblem {
  /** JSON pointer of the field. */
  field: string;
  value?: unknown;
  issue: string;
}

export type TradeType = 'JSAPI' | 'NATIVE' | 'MWEB';

const text = (max: number, pattern?: RegExp): Rule => ({ kind: 'string', max, ...(pattern && { pattern }) });
const integer = (min: number): Rule => ({ kind: 'integer', min });
const object = (fields: Record<string, Rule>, maxBytes?: number): Rule => ({
  kind: 'object',
  fields,
  ...(maxBytes && { maxBytes }),
});
const required = (rule: Rule): Rule => ({ ...rule, required: true });

const goods = object({
  merchant_goods_id: required(text(32)),
  wechatpay_goods_id: text(32),
  goods_name: text(256),
  quantity: required(integer(1)),
  unit_price: required(integer(0)),
});

const scene = {
  payer_client_ip: required(text(45, /^[\d.]+$|^[\da-fA-F:.]+$/)),
  device_id: text(32),
  store_info: object({ id: required(text(32)), name: text(256), area_code: text(32), address: text(512) }),
};

const h5Info = object({
  type: required(text(32, /^(Wap|iOS|Android)$/)),
  app_name: text(64),
  app_url: text(128),
  bundle_id: text(128),
  package_name: text(128),
});

const common = {
  appid: required(text(32)),
  mchid: required(text(32)),
  description: required(text(127)),
  out_trade_no: required(text(32, /^[0-9A-Za-z_\-|*]{6,32}$/)),
  time_expire: text(64, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/),
  attach: text(128),
  // A local receiver may speak http; everybody else needs https, and nobody may use a query.
  notify_url: required(text(255, /^(https:\/\/[^\s?#/]+|http:\/\/(localhost|127\.0\.0\.1)(:\d+)?)(\/[^\s?#]*)?$/)),
  goods_tag: text(32),
  support_fapiao: { kind: 'boolean' },
  limit_pay: { kind: 'array', item: text(32, /^(no_balance|no_credit|no_debit|balance_only)$/) },
  amount: required(object({ total: required(integer(1)), currency: text(16, /^CNY$/) })),
  detail: object({ cost_price: integer(0), invoice_id: text(32), goods_detail: { kind: 'array', item: goods } }, 6144),
  settle_info: object({ profit_sharing: { kind: 'boolean' } }),
} satisfies Record<string, Rule>;

/** What may stand in the body of each create call (pay 2.1). */
export const createRules: Record<TradeType, Rule> = {
  JSAPI: object({ ...common, scene_info: object(scene), payer: required(object({ openid: required(text(128)) })) }),
  NATIVE: object({ ...common, scene_info: object(scene) }),
  MWEB: object({ ...common, scene_info: required(object({ ...scene, h5_info: required(h5Info) })) }),
};

export const closeRule = object({ mchid: required(text(32)) });

/** Finds the first field that breaks its rule; undefined if the value is acceptable. */
export function findProblem(rule: Rule, value: unknown, field = ''): FieldProblem | undefined {
  const problem = (issue: string): FieldProblem => ({ field, value, issue });
  switch (rule.kind) {
    case 'string':
      return stringIssue(rule, value, problem);
    case 'integer':
      if (!Number.isSafeInteger(value)) return problem('必须为整数');
      return Number(value) < rule.min ? problem(`值低于最小值 ${rule.min}`) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : problem('必须为布尔值');
    case 'array':
      if (!Array.isArray(value)) return problem('必须为数组');
      return firstOf(value.map((item, index) => () => findProblem(rule.item, item, `${field}/${index}`)));
    case 'object': {
      if (!isRecord(value)) return problem('必须为对象');
      if (rule.maxBytes && Buffer.byteLength(JSON.stringify(value)) > rule.maxBytes) return problem('长度超过限制');
      return objectProblem(rule.fields, value, field);
    }
  }
}

function stringIssue(
  { max, pattern }: { max: number; pattern?: RegExp },
  value: unknown,
  problem: (issue: string) => FieldProblem,
): FieldProblem | undefined {
  if (typeof value !== 'string') return problem('必须为字符串');
  if (value === '') return problem('长度小于最小值 1');
  if (value.length > max) return problem(`长度超过最大值 ${max}`);
  // Outside the basic plane = four bytes of UTF-8: emoji and rare characters.
  if (/[\u{10000}-\u{10FFFF}]/u.test(value)) return problem('含有4字节UTF-8字符');
  return pattern && !pattern.test(value) ? problem('格式不符合规则') : undefined;
}

function objectProblem(fields: Record<string, Rule>, value: Record<string, unknown>, field: string) {
  const unknownKey = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknownKey !== undefined) return { field: `${field}/${unknownKey}`, issue: '未定义的参数' };
  const checks = Object.entries(fields).map(([key, rule]) => (): FieldProblem | undefined => {
    const child = value[key];
    if (child === undefined) return rule.required ? { field: `${field}/${key}`, issue: '此字段为必填项' } : undefined;
    return findProblem(rule, child, `${field}/${key}`);
  });
  return firstOf(checks);
}

function firstOf(checks: (() => FieldProblem | undefined)[]): FieldProblem | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem) return problem;
  }
  return undefined;
}
