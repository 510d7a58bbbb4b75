import { PayError } from '../error.ts';
import { echoRule } from './fields.ts';
import { readBody } from './route.ts';
import type { V3Route } from './route.ts';

/**
 * POST /v3/security/echo: returns the message, so that a merchant can test its keys without an order. The simulator
 * tests signatures; the real call can also test encryption and a notification.
 */
export function echoRoutes(): V3Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v3\/security\/echo$/,
      handler: (call) => {
        // Optional in other calls; required here, because it names the key under test.
        if (!call.headers['wechatpay-serial']) throw new PayError(400, 'PARAM_ERROR', 'Http头缺少Wechatpay-Serial');
        return readBody<{ echo_message: string }>(call, echoRule);
      },
    },
  ];
}
