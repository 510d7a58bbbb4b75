import { beijingIso } from '../../beijing-time.ts';
import { alphanumeric, digits } from '../../random.ts';
import type { Variant } from '../../variants.ts';

interface Merchant {
  mchId: string;
  appId: string;
  now: number;
}

/** Renders the content of a notification of another product of the merchant. */
export function renderOtherForm(form: Variant<'notify'>, { mchId, appId, now }: Merchant): object {
  const at = beijingIso(now);
  const transaction_id = `42000${digits(23)}`;
  const openid = `o${alphanumeric(27)}`;
  switch (form) {
    case 'partner-form':
      return {
        sp_appid: 'wx9999999999999999',
        sp_mchid: '1900009999',
        sub_appid: appId,
        sub_mchid: mchId,
        out_trade_no: `P${digits(20)}`,
        transaction_id,
        trade_type: 'JSAPI',
        trade_state: 'SUCCESS',
        trade_state_desc: '支付成功',
        bank_type: 'OTHERS',
        attach: '',
        success_time: at,
        payer: { sp_openid: openid, sub_openid: openid },
        amount: { total: 100, payer_total: 100, currency: 'CNY', payer_currency: 'CNY' },
      };
    case 'combined-form': {
      const order = {
        mchid: mchId,
        trade_type: 'JSAPI',
        trade_state: 'SUCCESS',
        bank_type: 'OTHERS',
        attach: '',
        amount: { total_amount: 100, payer_amount: 100, currency: 'CNY', payer_currency: 'CNY' },
        success_time: at,
        transaction_id,
        out_trade_no: `S${digits(20)}`,
      };
      return {
        combine_appid: appId,
        combine_mchid: mchId,
        combine_out_trade_no: `C${digits(20)}`,
        scene_info: { device_id: '' },
        sub_orders: [order],
        combine_payer_info: { openid },
      };
    }
    case 'profit-sharing': {
      const receiver = { type: 'MERCHANT_ID', account: '1900008888', amount: 30, description: '分账' };
      const numbers = { transaction_id, order_id: `30${digits(26)}`, out_order_no: `D${digits(20)}` };
      return { mchid: mchId, ...numbers, receiver, success_time: at };
    }
    case 'papay': {
      const contract = {
        contract_id: `20${digits(26)}`,
        out_contract_code: `K${digits(20)}`,
        contract_state: 'SIGNED',
        contract_signed_time: at,
      };
      return { mchid: mchId, appid: appId, openid, plan_id: 12_345, ...contract };
    }
  }
}
