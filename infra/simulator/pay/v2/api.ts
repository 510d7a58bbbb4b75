import type { Answer, Call } from '../../http.ts';
import { alphanumeric } from '../../random.ts';
import { toXml } from '../../xml.ts';
import type { PayWorld } from '../world.ts';
import { downloadV2Bill } from './bill-handler.ts';
import { ReturnCodeError, ResultCodeError, toResultCodeError } from './error.ts';
import { checkFields, commonRules } from './fields.ts';
import { orderHandlers } from './order-handlers.ts';
import { readRequest } from './request.ts';
import type { V2Request } from './request.ts';
import { v2Sign } from './sign.ts';
import type { V2Fields } from './sign.ts';

/** Returns the fields of the answer besides the common ones, or a file. */
type Handler = (fields: V2Fields) => V2Fields | Answer;

interface V2Api {
  answer(call: Call): Answer;
  /** The answer of an overloaded WeChat Pay. */
  busy(call: Call): Answer;
}

/** Errors that are unsigned by default: wrong fields, and restrictions of the merchant. */
const unsignedCodes = new Set(['PARAM_ERROR', 'LACK_PARAMS', 'NOAUTH']);

/**
 * The host api.mch.weixin.qq.com, API v2: XML both ways, always HTTP 200.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
export function createV2Api(world: PayWorld): V2Api {
  const handlers: Record<string, Handler> = {
    ...orderHandlers(world),
    '/pay/downloadbill': (fields) => downloadV2Bill(world, fields),
  };

  const handle = ({ fields }: V2Request, handler: Handler): V2Fields | Answer => {
    if (world.faults.takeVariant('v2', 'busy-text')) throw new ReturnCodeError('SYSTEMERROR', '系统繁忙,请稍后再试.');
    checkFields(fields, commonRules);
    if (!world.appIds.includes(fields.appid ?? ''))
      throw new ResultCodeError('APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配');
    return handler(fields);
  };

  const respond = (call: Call, work: (request: V2Request) => V2Fields | Answer): Answer => {
    try {
      const request = readRequest(call, world.settings);
      try {
        const result = work(request);
        return isAnswer(result) ? result : signedXmlAnswer(request, { result_code: 'SUCCESS', ...result });
      } catch (error) {
        const { code, message } = toResultCodeError(error);
        if (unsignedCodes.has(code) && !world.faults.takeVariant('v2', 'signed-field-error'))
          throw new ReturnCodeError(code, message);
        const fields = { result_code: 'FAIL', err_code: code, err_code_des: message };
        return { ...signedXmlAnswer(request, fields), code };
      }
    } catch (error) {
      if (!(error instanceof ReturnCodeError)) throw error;
      return { ...xmlAnswer({ return_code: 'FAIL', return_msg: error.message }), code: error.code };
    }
  };

  return {
    answer: (call) => {
      const handler = Object.hasOwn(handlers, call.path) ? handlers[call.path] : undefined;
      return handler ? respond(call, (request) => handle(request, handler)) : { status: 404, body: '' };
    },
    busy: (call) =>
      respond(call, () => {
        throw new ResultCodeError('SYSTEMERROR', '系统超时');
      }),
  };
}

function isAnswer(result: V2Fields | Answer): result is Answer {
  return typeof result.status === 'number';
}

/** Builds an answer signed with the sign type of the request. */
function signedXmlAnswer({ fields, signType, key }: V2Request, more: V2Fields): Answer {
  const answer: V2Fields = {
    return_code: 'SUCCESS',
    return_msg: 'OK',
    appid: fields.appid ?? '',
    mch_id: fields.mch_id ?? '',
    ...(fields.device_info && { device_info: fields.device_info }),
    nonce_str: alphanumeric(16),
    ...more,
  };
  return xmlAnswer({ ...answer, sign: v2Sign(answer, key, signType) });
}

function xmlAnswer(fields: V2Fields): Answer {
  return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: toXml(fields) };
}
