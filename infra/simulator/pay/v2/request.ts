import type { Call } from '../../http.ts';
import type { PaySettings } from '../../settings.ts';
import { returnCodeError } from './error.ts';
import { parseMerchantXml } from './merchant-xml.ts';
import { SIGN_TYPES, v2Sign } from './sign.ts';
import type { SignType, V2Fields } from './sign.ts';

/** A request with a valid signature. */
export interface V2Request {
  fields: V2Fields;
  signType: SignType;
  key: string;
}

/**
 * Reads a request and checks its signature.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
export function readRequest(call: Call, { mchId, apiV2Key }: PaySettings): V2Request {
  if (call.method !== 'POST') throw returnCodeError('REQUIRE_POST_METHOD');
  const fields = readXmlFields(call.body);
  if (fields.mch_id !== mchId) throw returnCodeError('MCHID_NOT_EXIST');
  const signType = SIGN_TYPES.find((type) => type === (fields.sign_type || 'MD5'));
  // A merchant without a key cannot sign.
  if (!signType || !apiV2Key || fields.sign !== v2Sign(fields, apiV2Key, signType)) {
    throw returnCodeError('SIGNERROR');
  }
  return { fields, signType, key: apiV2Key };
}

function readXmlFields(body: Buffer): V2Fields {
  if (body.length === 0) throw returnCodeError('POST_DATA_EMPTY');
  const xml = readUtf8(body);
  // Custom entities allow XXE attacks, which read local files.
  // See https://pay.weixin.qq.com/doc/v2/merchant/4011941549
  if (/<!(DOCTYPE|ENTITY)/i.test(xml)) throw returnCodeError('XML_FORMAT_ERROR');
  const elements = Object.entries(parseMerchantXml(xml) ?? {}).filter(([name]) => !name.startsWith('#'));
  const isFlat = elements.length > 0 && elements.every(([, value]) => typeof value === 'string');
  if (!isFlat) throw returnCodeError('XML_FORMAT_ERROR');
  return Object.fromEntries(elements) as V2Fields;
}

function readUtf8(body: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw returnCodeError('NOT_UTF8');
  }
}
