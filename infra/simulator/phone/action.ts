import type { ControlBody } from '../control-body.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';

/** The actions of a phone, by the name in `POST /_phone/users/{id}/{action}`. */
export type PhoneActions = Record<
  string,
  (world: World, user: WechatUser, body: ControlBody) => object | Promise<object>
>;
