// WeChat's side of virtual payment, through the control API of the simulator.
import { control } from './control.ts';

/** The arguments of `wx.requestVirtualPayment`. */
export interface VirtualPayment {
  mode: string;
  signData: string;
  paySig: string;
  signature: string;
}

/** The answer to a push, decrypted; `status` is null if there is none. */
export interface VirtualNotice {
  status: number | null;
  body: string;
  error?: string;
}

/** An order as the console of virtual payment shows it. */
export interface ConsoleOrder {
  outTradeNo: string;
  wxOrderId: string;
  env: 0 | 1;
  userId: string;
  /** 1 unpaid, 2 paid, 4 delivered, 5 refunded, 6 closed. */
  status: number;
  productId: string;
  unitFen: number;
  quantity: number;
  amountFen: number;
  leftFen: number;
  refundedFen: number;
  attach: string;
  isProvided: boolean;
  transactionId?: string;
  paidBy?: 'wechat' | 'apple';
  refunds: {
    refundOrderId: string | null;
    wxRefundId: string;
    amountFen: number;
    state: 'running' | 'done' | 'failed';
  }[];
}

interface Console {
  offerId: string;
  goods: { env: 0 | 1; id: string; name: string; priceFen: number; isPublished: boolean; buyableAt: number }[];
  orders: ConsoleOrder[];
  complaints: { complaintId: string; outTradeNo: string; state: string; text: string }[];
}

type VirtualFault =
  | { target: 'virtual-push'; action: 'no-push' | 'duplicate' | 'late' | 'lost-answer' | 'unit-price' }
  | { target: 'query-order'; action: 'refunded-in-part' | 'no-left-fee' }
  | { target: 'provide-goods'; action: 'repeated' }
  | { target: 'goods'; action: 'upload-failed' | 'publish-failed' | 'exists-is-done' }
  | { target: 'virtual-bill'; action: 'text-cells' };

/** Returns the actions of buyers, of the merchant in the console, of WeChat and of Apple. */
export function virtualControls(simulator: { url: string }) {
  const act = (action: string, body: object) =>
    control<VirtualNotice | null>(simulator, 'POST', '/_merchant/virtual', { action, ...body });
  const show = () => control<Console>(simulator, 'GET', '/_merchant/virtual');
  return {
    show,
    orderOf: async (outTradeNo: string): Promise<ConsoleOrder | undefined> =>
      (await show()).orders.find((order) => order.outTradeNo === outTradeNo),
    /** Pays as the client does; `notify` is null in the sandbox and for a lost push. @throws Error with the errCode */
    pay: ({ id }: { id: string }, virtual: VirtualPayment, how: { apple?: boolean; cancel?: boolean } = {}) =>
      control<{ transactionId: string; notify: VirtualNotice | null }>(simulator, 'POST', `/_phone/users/${id}/pay`, {
        virtual,
        ...how,
      }),
    /** Complains as the buyer. */
    complain: (
      { id }: { id: string },
      outTradeNo: string,
      text: string,
      more: { refundFen?: number; phone?: string } = {},
    ) =>
      control<{ complaintId: string; push: VirtualNotice | null }>(simulator, 'POST', `/_phone/users/${id}/complain`, {
        outTradeNo,
        text,
        ...more,
      }),
    /** Sends the delivery push again, with RetryTimes from 1. */
    redeliver: (outTradeNo: string, retryTimes = 1) => act('redeliver', { outTradeNo, retryTimes }),
    /** Sends the delivery push with changed fields: null removes a field, and an object changes the fields inside. */
    forge: (outTradeNo: string, fields: object) => act('forge', { outTradeNo, fields }),
    /** Closes an unpaid order at WeChat. */
    close: (outTradeNo: string) => act('close', { outTradeNo }),
    /** Refunds in the console, without a number of the merchant; all that is left by default. */
    consoleRefund: (outTradeNo: string, amountFen?: number) => act('console-refund', { outTradeNo, amountFen }),
    appleRefund: (outTradeNo: string) => act('apple-refund', { outTradeNo }),
    /** Ends a running refund at once. */
    settleRefund: (refundOrderId: string, state: 'done' | 'failed' = 'done') =>
      act('settle-refund', { refundOrderId, state }),
    /** Asks the question of Apple about a refund; the number may be of no order. */
    appleQuestion: (outTradeNo: string) => act('apple-question', { outTradeNo }) as Promise<VirtualNotice>,
    /** Creates or changes a good in the console, which can be bought at once. */
    putGood: (good: { id: string; price: number; name?: string; env?: 0 | 1 }) => act('put-good', good),
    /** Makes every row of the bills differ from the orders; `{}` ends it. */
    distortBill: (change: { addCount?: number; addFen?: number }) => act('distort-bill', change),
    plan: (fault: VirtualFault, times = 1) => control(simulator, 'POST', '/_faults', { ...fault, times }),
    /** Makes the next calls of virtual payment fail, such as `query_order`. */
    errcode: (call: string, errcode: number, times = 1) =>
      control(simulator, 'POST', '/_faults', { target: `/xpay/${call}`, action: 'errcode', errcode, times }),
    /** Ends the faults. */
    calm: () => control(simulator, 'DELETE', '/_faults'),
    /** Loses the answers of the next calls, which take effect. */
    loseAnswers: (call: string, times = 1) =>
      control(simulator, 'POST', '/_faults', { target: `/xpay/${call}`, action: 'accepted-5xx', times }),
  };
}
