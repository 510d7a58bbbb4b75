import type { Answer, Call } from '../http.ts';
import { createV2Api } from './v2/api.ts';
import { createV3Api, v3BusyAnswer } from './v3/api.ts';
import type { PayWorld } from './world.ts';

/** The host api.mch.weixin.qq.com. */
interface PayApi {
  answer(call: Call): Answer;
  /** The answer of an overloaded WeChat Pay. */
  busy(call: Call): Answer;
}

/** Whether a path belongs to api.mch.weixin.qq.com. */
export function isPayPath(path: string): boolean {
  return isV3(path) || path.startsWith('/pay/') || path.startsWith('/secapi/');
}

/** Both protocols over one ledger. */
export function createPayApi(world: PayWorld): PayApi {
  const v3 = createV3Api(world);
  const v2 = createV2Api(world);
  return {
    answer: (call) => (isV3(call.path) ? v3(call) : v2.answer(call)),
    busy: (call) => (isV3(call.path) ? v3BusyAnswer() : v2.busy(call)),
  };
}

function isV3(path: string): boolean {
  return path.startsWith('/v3/');
}
