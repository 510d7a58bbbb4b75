// WeChat's side of order shipping, through the control API of the simulator.
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { control } from './control.ts';
import { REFUND_SETTLES_MS, type World } from './world.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const UPLOAD = '/wxa/sec/order/upload_shipping_info';
export const GET_ORDER = '/wxa/sec/order/get_order';

/** An order as the merchant platform shows it. */
export interface MerchantOrder {
  outTradeNo: string;
  transactionId?: string;
  frozenFen: number;
  settledFen: number;
  shipping: null | {
    orderState: number;
    isCorrected: boolean;
    isFinal?: boolean;
    delivery?: string;
    parcels?: { carrier?: string; trackingNo?: string; goods: string }[];
  };
  refunds: { outRefundNo: string; amountFen: number; status: string }[];
}

/** Returns the actions of the merchant, and of WeChat. `wait` moves the clocks of the service and of WeChat. */
export function tradeControls(
  { simulator, pay }: Pick<World, 'simulator' | 'pay'>,
  wait: (ms: number) => Promise<void>,
) {
  return {
    control: (method: string, path: string, body?: object) => control(simulator, method, path, body),
    merchantOrder: async (outTradeNo: string): Promise<MerchantOrder> =>
      (await control<MerchantOrder[]>(simulator, 'GET', '/_merchant/orders')).find(
        (order) => order.outTradeNo === outTradeNo,
      )!,
    setTrade: (switches: object) => control(simulator, 'POST', '/_merchant/trade', switches),
    errcode: (target: string, errcode: number, times = 1) =>
      control(simulator, 'POST', '/_faults', { target, action: 'errcode', errcode, times }),
    /** Ends the faults. */
    calm: () => control(simulator, 'DELETE', '/_faults'),
    /** Refunds a part of an order, or the whole. `ends: false` leaves the refund under way. */
    refund: async (outTradeNo: string, amountFen: number, { ends = true } = {}) => {
      const request = { outTradeNo, outRefundNo: `r-${outTradeNo}-${amountFen}`, amountFen };
      await refundOrder(pay, request);
      if (!ends) return;
      await wait(REFUND_SETTLES_MS + 1_000);
      await refundOrder(pay, request);
    },
  };
}
