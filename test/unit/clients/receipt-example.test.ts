// The example of a page that asks for the receipt, in the README of the clients.
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { clientExample } from '../../support/client-examples.ts';

interface ExamplePage {
  onLoad(query: { outTradeNo: string }): void;
  onShow(): Promise<void>;
  confirmReceipt(): void;
}

it('the example of the receipt opens the page of WeChat for the order, and shows the state of the server', async () => {
  const opened: object[] = [];
  const shown: object[] = [];
  let page: ExamplePage | undefined;
  runInNewContext(clientExample('Confirm the receipt'), {
    api: { getOrder: async ({ outTradeNo }: { outTradeNo: string }) => ({ order: { outTradeNo, shipping: null } }) },
    wx: {
      openBusinessView: (options: { success?(answer: object): void }) => {
        opened.push(options);
        options.success?.({ extraData: { status: 'success' } });
      },
    },
    Page: (definition: object) => {
      page = { ...definition, setData: (data: object) => shown.push(data) } as unknown as ExamplePage;
    },
  });
  page!.onLoad({ outTradeNo: 'o1' });
  page!.confirmReceipt();
  const extraData = { merchant_id: '1900000001', merchant_trade_no: 'o1' };
  expect(opened).toEqual([{ businessType: 'weappOrderConfirm', extraData }]);
  expect(shown).toEqual([]);
  await page!.onShow();
  expect(shown).toEqual([{ order: { outTradeNo: 'o1', shipping: null } }]);
});
