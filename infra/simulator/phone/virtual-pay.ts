// The user pays for virtual goods in the mini-program.
import { readFlag } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import { clientError, openVirtualOrder } from '../virtual/client.ts';
import type { ClientRequest } from '../virtual/client.ts';
import { SANDBOX, transactionIdOf } from '../virtual/ledger.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';

/**
 * Calls `wx.requestVirtualPayment` and pays. A payment that the user cancels leaves an unpaid order at WeChat.
 * @throws ControlError with the errCode of the client
 */
export async function payVirtually({ virtual }: World, user: WechatUser, body: ControlBody): Promise<object> {
  if (!virtual) throw clientError(-15008, 'the mini-program has no virtual payment');
  if (!isRecord(body.virtual)) throw controlParamError('virtual must be {mode, signData, paySig, signature}');
  const byApple = readFlag(body, 'apple', false);
  const order = openVirtualOrder(virtual, user, body.virtual as ClientRequest);
  if (byApple && order.env === SANDBOX) throw clientError(-15011, 'Apple has no sandbox');
  if (readFlag(body, 'cancel', false)) throw clientError(-2, 'cancel');
  virtual.orders.pay(order, byApple ? 'apple' : 'wechat');
  return { transactionId: transactionIdOf(order), notify: await virtual.pushes.deliver(order) };
}
