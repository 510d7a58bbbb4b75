import type { Call } from '../../http.ts';
import { PayError } from '../error.ts';
import type { PayWorld } from '../world.ts';
import { callbackRule } from './complaint-fields.ts';
import { readBody } from './route.ts';
import type { V3Route } from './route.ts';

/**
 * The calls that create, query, replace and delete the notification address of complaints: one per merchant.
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_3.shtml
 */
export function complaintCallbackRoutes({ complaints, settings }: PayWorld): V3Route[] {
  const path = /^\/v3\/merchant-service\/complaint-notifications$/;
  const show = () => ({ mchid: settings.mchId, url: complaints.callbackUrl });
  const store = (call: Call): object => {
    complaints.callbackUrl = readBody<{ url: string }>(call, callbackRule).url;
    return show();
  };
  const assertStored = () => {
    if (complaints.callbackUrl === undefined) throw new PayError(400, 'RESOURCE_NOT_EXISTS', '投诉通知回调地址不存在');
  };
  return [
    {
      method: 'POST',
      path,
      handler: (call) => {
        if (complaints.callbackUrl !== undefined)
          throw new PayError(400, 'RESOURCE_ALREADY_EXISTS', '投诉通知回调地址已存在');
        return store(call);
      },
    },
    {
      method: 'GET',
      path,
      handler: () => {
        assertStored();
        return show();
      },
    },
    {
      method: 'PUT',
      path,
      handler: (call) => {
        assertStored();
        return store(call);
      },
    },
    {
      method: 'DELETE',
      path,
      handler: () => {
        assertStored();
        complaints.callbackUrl = undefined;
        return undefined;
      },
    },
  ];
}
