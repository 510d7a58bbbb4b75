// Reconciliation with API v2, whose bill has neither hash nor signature, and which has no fund-flow bill.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { tradeBill } from '../support/bill-files.ts';
import { createReconciler, DATE, type Reconciler } from '../support/reconciler.ts';

let reconciler: Reconciler;
beforeEach(async () => void (reconciler = await createReconciler()));
afterEach(() => reconciler.close());

const foreign = { outTradeNo: 'till-1', transactionId: '42007', yuan: '9.00' };
const requests = () => reconciler.wechat.calls.filter(({ url }) => url === '/pay/downloadbill');

describe('reconcile with API v2', () => {
  it('compares the trade bill of the day', async () => {
    const paid = await reconciler.paidOrder();
    reconciler.wechat.offers.v2 = [{ text: tradeBill({ payments: [paid, foreign] }) }];
    expect(await reconciler.runV2()).toEqual({
      date: DATE,
      lines: 2,
      foreign: 1,
      differences: 0,
      report: `bills/${DATE}.json`,
    });
    expect(reconciler.report()).toMatchObject({ api: 'v2', differences: [], foreign: { payments: 1, paidFen: 900 } });
    expect(reconciler.report().bills).not.toHaveProperty('fundFlow');
    expect(requests()).toHaveLength(1);
    for (const part of ['<bill_date><![CDATA[20261120]]>', 'GZIP', 'ALL']) expect(requests()[0]!.body).toContain(part);
  });

  it('reads an uncompressed bill', async () => {
    reconciler.wechat.offers.v2 = [{ bytes: Buffer.from(tradeBill({ payments: [foreign] })) }];
    expect(await reconciler.runV2()).toMatchObject({ lines: 1, foreign: 1 });
  });

  it.each(['No Bill Exist', 'no bill exist.', 'NO_BILL_EXIST'])(
    'treats %j as a day without a bill',
    async (decline) => {
      const missing = await reconciler.paidOrder();
      reconciler.wechat.offers.v2 = [{ decline }];
      expect(await reconciler.runV2()).toMatchObject({ lines: 0, differences: 1 });
      expect(reconciler.report().differences).toMatchObject([{ kind: 'missing-in-bill', no: missing.outTradeNo }]);
    },
  );

  it.each(['Bill Creating', 'bill  creating'])('treats %j as a bill that is not ready', async (decline) => {
    reconciler.wechat.offers.v2 = [{ decline }];
    await expect(reconciler.runV2()).rejects.toThrow('retry in half an hour');
    expect(requests()).toHaveLength(1);
  });

  it('names the API v2 key when WeChat declines the signature', async () => {
    const rejection = { code: 'WECHAT_CONFIG', message: expect.stringContaining('PAY_API_V2_KEY') as string };
    await expect(reconciler.runV2({ PAY_API_V2_KEY: 'f'.repeat(32) })).rejects.toMatchObject(rejection);
  });

  const text = tradeBill({ payments: [foreign, { ...foreign, outTradeNo: 'till-2' }] });
  const lines = text.split('\r\n');
  it.each([
    ['without a line', lines.toSpliced(2, 1).join('\r\n')],
    ['that ends in the middle', text.slice(0, text.length / 2)],
    ['that is HTML', '<!DOCTYPE html><html>'],
    ['that is empty', ''],
  ])('downloads a bill %s a second time and compares no line of it', async (_, damaged) => {
    reconciler.wechat.offers.v2 = [{ bytes: gzipSync(damaged) }, { bytes: Buffer.from(damaged) }];
    await expect(reconciler.runV2()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(requests()).toHaveLength(2);
    expect(await reconciler.recorded()).toEqual([]);
    reconciler.wechat.offers.v2 = [{ bytes: gzipSync(damaged) }, { text }];
    expect(await reconciler.runV2()).toMatchObject({ lines: 2, foreign: 2 });
  });
});
