// Users with their phones, and the call log: the control API of the WeChat simulator.
import type { DeliveryResult } from '../../infra/simulator/deliver.ts';

export interface Person {
  id: string;
  openIds: { miniapp: string; official: string };
}

/** The response of our webhook to a push, and the reply that the user sees. */
type ChatPush = DeliveryResult & { reply: { content?: string } | null };

interface WechatOrder {
  outTradeNo: string;
  shipping: { delivery?: string } | null;
}

function errCodeOf({ body }: DeliveryResult): number {
  return Number(/ErrCode"?[:>](\d+)/.exec(body)?.[1]);
}

/** Drives the simulator at `url`. */
export function phoneOf(url: string) {
  const control = async <Answer>(method: string, path: string, body?: object): Promise<Answer> => {
    const response = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as Answer;
  };
  const act = <Answer>({ id }: Person, action: string, body: object = {}) =>
    control<Answer>('POST', `/_phone/users/${id}/${action}`, body);

  return {
    newPerson: () => control<Person>('POST', '/_phone/users', {}),
    loginCode: async (person: Person) => (await act<{ code: string }>(person, 'login-code')).code,
    /** Scans a QR code, and returns the response of our webhook. */
    scan: async (person: Person, content: string) => (await act<{ push: ChatPush }>(person, 'scan', { content })).push,
    /** Taps a link of the chat, and returns the response of our webhook. */
    tap: async (person: Person, menuId: string) => (await act<{ push: ChatPush }>(person, 'tap', { menuId })).push,
    /** Sends a text in the chat, and returns the response of our webhook. */
    say: async (person: Person, text: string) => (await act<{ push: ChatPush }>(person, 'message', { text })).push,
    /** Makes WeChat send an event about the user, and returns the response of our webhook. */
    event: async (person: Person, event: string, fields: object) =>
      (await act<{ push: ChatPush }>(person, 'event', { event, fields })).push,
    /** Enters the customer-service chat of the mini-program, and returns the response of our webhook. */
    enterService: async (person: Person) => (await act<{ push: ChatPush }>(person, 'enter-service')).push,
    /** Pays, and returns the response of our webhook. */
    pay: async (person: Person, prepayId: string) =>
      (await act<{ notify: DeliveryResult }>(person, 'pay', { prepayId })).notify,
    /** Pays for virtual goods, and returns the ErrCode of our answer to the delivery push. */
    payVirtually: async (person: Person, virtual: object, how: object) =>
      errCodeOf((await act<{ notify: DeliveryResult }>(person, 'pay', { virtual, ...how })).notify),
    /** Repeats a delivery push, and returns the ErrCode of our answer. */
    redeliver: async (outTradeNo: string) =>
      errCodeOf(await control<DeliveryResult>('POST', '/_merchant/virtual', { action: 'redeliver', outTradeNo })),
    /** Confirms the receipt of an order, and returns the response of our webhook to the push about its settlement. */
    receive: async (person: Person, outTradeNo: string) =>
      (await act<{ push: DeliveryResult }>(person, 'receive', { outTradeNo })).push,
    /** Complains about an order. */
    complain: (person: Person, outTradeNo: string) =>
      act<{ complaintId: string; notify: DeliveryResult }>(person, 'complain', { outTradeNo, text: '没有收到' }),
    /** Loses the next push about the shipping of an order. */
    losePush: () => control('POST', '/_faults', { target: 'trade-push', action: 'no-push', times: 1 }),
    /** Returns an order as WeChat has it. */
    orderOf: async (outTradeNo: string) => {
      const orders = await control<WechatOrder[]>('GET', '/_merchant/orders');
      return orders.find((order) => order.outTradeNo === outTradeNo)!;
    },
    /** Returns the number of calls to WeChat since the start. */
    calls: async () => {
      const log = await control<{ kind: 'call' | 'push' }[]>('GET', '/_log');
      return log.filter(({ kind }) => kind === 'call').length;
    },
  };
}
