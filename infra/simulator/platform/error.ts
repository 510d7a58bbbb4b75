import { randomBytes } from 'node:crypto';
import { jsonAnswer } from '../http.ts';
import type { Answer } from '../http.ts';

const messages = {
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40004: 'invalid media type',
  40005: 'invalid file type',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40015: 'invalid menu type',
  40016: 'invalid button size',
  40017: 'invalid button type',
  40018: 'invalid button name size',
  40019: 'invalid button key size',
  40020: 'invalid button url size',
  40022: 'invalid sub button level',
  40023: 'invalid sub button size',
  40024: 'invalid sub button type',
  40025: 'invalid sub button name size',
  40026: 'invalid sub button key size',
  40027: 'invalid sub button url size',
  40029: 'invalid code',
  40030: 'invalid refresh_token',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40035: 'invalid parameter',
  40037: 'invalid template_id',
  40052: 'invalid action name',
  40053: 'invalid action info',
  40054: 'invalid sub button url domain',
  40055: 'invalid button url domain',
  40066: 'invalid url',
  40097: 'invalid args',
  40119: 'invalid use button type',
  40120: 'invalid use sub button type',
  40125: 'invalid appsecret',
  40129: 'invalid scene',
  40163: 'code been used',
  40164: 'invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist',
  40169: 'invalid length for scene, or the data is not json string',
  40226: 'high risk user blocked',
  40243: 'AppSecret is frozen',
  41001: 'access_token missing',
  41002: 'appid missing',
  41003: 'refresh_token missing',
  41004: 'appsecret missing',
  41005: 'media data missing',
  41008: 'missing code',
  41009: 'missing openid',
  41030: 'invalid page',
  42001: 'access_token expired',
  42002: 'refresh_token expired',
  42003: 'oauth_code expired',
  42007: 'access_token and refresh_token are invalid: the user changed the password',
  43001: 'require GET method',
  43002: 'require POST method',
  43004: 'require subscribe',
  43101: 'user refuse to accept the msg',
  43104: 'appid does not match openid',
  44002: 'empty post data',
  44004: 'empty content',
  45002: 'content size out of limit',
  45008: 'article size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  45015: 'response out of time limit or subscription is canceled',
  45047: 'out of response count limit',
  46003: 'menu no exist',
  47001: 'data format error',
  47003: 'argument invalid!',
  48001: 'api unauthorized',
  50004: 'api is disabled',
  61010: 'user access record timeout',
  65301: 'this menu is not conditionalmenu',
  65302: 'no such user',
  65303: 'there is no selfmenu, please create selfmenu first',
  65304: 'match rule empty',
  65315: 'not fans',
  65316: 'domain count reach limit',
  // The official page has no errmsg for this errcode.
  65320: 'match rule has a retired field',
  85096: 'scancode_time is the system reserved field',
  87007: 'session_key is not existd or expired',
  87008: 'invalid sig_method',
  87009: 'invalid signature',
  10060001: '支付单不存在',
  10060002: '支付单已完成发货，无法继续发货',
  10060003: '支付单已使用重新发货机会',
  10060004: '支付单处于不可发货的状态，请检查是否发生退款或者未支付',
  10060005: '物流类型有误',
  10060006: '非快递发货时不允许分拆发货',
  10060007: '分拆发货模式下必须填写 is_all_delivered',
  10060008: '商品描述不能为空',
  10060009: '商品描述过长',
  10060011: 'last_index 不合法',
  10060013: '子单单号重复',
  10060014: '参数错误',
  10060023: '发货信息未更新',
  10060024: '物流信息列表太长',
  10060025: '物流公司编码太长',
  10060026: '物流单号太长',
  10060028: '支付单未发货',
  10060029: '提醒时间早于发货时间',
  10060030: '已使用提醒机会',
  10060031: '参数传入错误的 openid',
  10060032: '非物流配送订单不能提醒',
  268490001: 'openid错误',
  268490002: '请求参数字段错误',
  268490003: '签名错误',
  268490004: '重复操作',
  268490011: '账单数据生成中，请稍后调用本接口获取',
  268490012: '批量任务运行中，请等待任务完成后才能再次运行',
  268490013: '禁止对核销状态的单进行退款',
  268490014: '退款操作进行中，稍后可以使用相同参数重试',
  268490016: '退款left_fee与实际不符，请通过query_order接口查询确认',
  268485194: '订单单号类型有误',
  268485195: '请填写 transaction_id',
  268485196: '请填写 mchid',
  268485197: '请填写 out_trade_no',
  268485216: '上传时间非法，请使用 RFC 3339 格式',
  268485224: '发货模式非法',
  268485226: '请填写物流单号',
  268485227: '请填写物流公司编码',
  268485228: '统一发货模式下物流信息列表长度必须为 1',
  268485253: '主单的订单单号类型与子单的单号类型不一致',
  268546000: 'type 非法',
  268546001: 'delay_to 非法',
  268546002: '账户不存在这个待发货单号',
} as const;

export type Errcode = keyof typeof messages;

/**
 * An error of the platform: HTTP 200 with an errcode.
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html
 */
export class PlatformError extends Error {
  readonly errcode: Errcode;

  constructor(errcode: Errcode, message: string = messages[errcode]) {
    super(message);
    this.errcode = errcode;
  }
}

/** The errmsg of an errcode; a planned fault may use any number. */
export function errcodeMessage(errcode: number): string {
  return Object.hasOwn(messages, errcode) ? messages[errcode as Errcode] : 'system error';
}

/** Builds the answer of an errcode, with the trace suffix of real answers. */
export function errcodeAnswer(errcode: number, message: string, contentType?: string): Answer {
  const body = { errcode, errmsg: `${message}${hasNoComma(errcode) ? '' : ','} rid: ${newTrace()}` };
  return { ...jsonAnswer(200, body, contentType), code: errcode };
}

/** Whether no comma precedes the trace: an IP address that is not allowed, and virtual payment. */
function hasNoComma(errcode: number): boolean {
  return errcode === 40164 || Math.floor(errcode / 100) === 2_684_900;
}

/** Makes the id of a request, as `rid` and `trace_id` have it. */
export function newTrace(): string {
  return [Math.floor(Date.now() / 1000).toString(16), hex(), hex()].join('-');
}

function hex(): string {
  return randomBytes(4).toString('hex');
}
