import { beijingDigits } from '../../beijing-time.ts';
import { alphanumeric, digits } from '../../random.ts';
import type { Variant } from '../../variants.ts';
import type { V2Fields } from './sign.ts';

interface Merchant {
  mchId: string;
  appId: string;
  now: number;
}

/** Renders the notification of another product of the merchant, unsigned; undefined if API v2 has no such product. */
export function renderOtherFormV2(form: Variant<'notify'>, { mchId, appId, now }: Merchant): V2Fields | undefined {
  const common = { return_code: 'SUCCESS', result_code: 'SUCCESS', nonce_str: alphanumeric(32) };
  const time_end = beijingDigits(now);
  const openid = `o${alphanumeric(27)}`;
  const payment = { transaction_id: `42000${digits(23)}`, out_trade_no: `P${digits(20)}`, total_fee: '100', time_end };
  switch (form) {
    case 'partner-form':
      return {
        ...common,
        ...payment,
        appid: 'wx9999999999999999',
        mch_id: mchId,
        sub_mch_id: '1900009999',
        openid,
        trade_type: 'JSAPI',
        bank_type: 'OTHERS',
        fee_type: 'CNY',
        cash_fee: '100',
      };
    case 'combined-form': {
      const order = { appid: appId, mch_id: mchId, openid, ...payment, total_fee: 100, cash_fee: 100 };
      return {
        ...common,
        combine_appid: appId,
        combine_mch_id: mchId,
        combine_openid: openid,
        combine_out_trade_no: `C${digits(20)}`,
        trade_type: 'JSAPI',
        bank_type: 'OTHERS',
        sub_order_list: JSON.stringify({ order_num: 1, order_list: [order] }),
      };
    }
    case 'papay':
      return {
        ...common,
        ...payment,
        appid: appId,
        mch_id: mchId,
        openid,
        trade_state: 'SUCCESS',
        bank_type: 'OTHERS',
        fee_type: 'CNY',
        cash_fee: '100',
        contract_id: `20${digits(26)}`,
      };
    case 'profit-sharing':
      return undefined;
  }
}
