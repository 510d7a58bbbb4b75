import { PayError } from '../error.ts';
import { echoRule } from './fields.ts';
import { readBody } from './route.ts';
import type { V3Route } from './route.ts';

/**
 * POST /v3/security/echo (merchant document 4014551946): says what it heard, so that a merchant can try its keys without
 * an order. Here it tries signatures; the real one can also try encryption, and a notification.
 */
export function echoRoutes(): V3Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v3\/security\/echo$/,
      handler: (call) => {
        // Elsewhere this header may be missing; here it says which key is on trial.
        if (!call.headers['wechatpay-serial']) throw new PayError(400, 'PARAM_ERROR', 'Http头缺少Wechatpay-Serial');
        return readBody<{ echo_message: string }>(call, echoRule);
      },
    },
  ];
}
