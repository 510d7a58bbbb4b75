// Reconciliation by API v2, whose bill has neither a hash nor a signature, and comes without a fund-flow bill.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { tradeBill } from '../support/bill-files.ts';
import { createReconciler, DATE, type Reconciler } from '../support/reconciler.ts';

let books: Reconciler;
beforeEach(async () => void (books = await createReconciler()));
afterEach(() => books.close());

const unknown = { outTradeNo: 'till-1', transactionId: '42007', yuan: '9.00' };
const asked = () => books.wechat.calls.filter(({ url }) => url === '/pay/downloadbill');

describe('reconciliation by API v2', () => {
  it('compares the trade bill of the day', async () => {
    const paid = await books.paidOrder();
    books.wechat.offers.v2 = [{ text: tradeBill({ payments: [paid, unknown] }) }];
    expect(await books.runV2()).toEqual({ date: DATE, lines: 2, differences: 1, report: `bills/${DATE}.json` });
    expect(books.report()).toMatchObject({ api: 'v2', differences: [{ kind: 'unknown-order', no: 'till-1' }] });
    expect(books.report().bills).not.toHaveProperty('fundFlow');
    expect(asked()).toHaveLength(1);
    for (const part of ['<bill_date><![CDATA[20261120]]>', 'GZIP', 'ALL']) expect(asked()[0]!.body).toContain(part);
  });

  it('reads a bill that is not compressed', async () => {
    books.wechat.offers.v2 = [{ bytes: Buffer.from(tradeBill({ payments: [unknown] })) }];
    expect(await books.runV2()).toMatchObject({ lines: 1, differences: 1 });
  });

  it.each(['No Bill Exist', 'no bill exist.', 'NO_BILL_EXIST'])('takes %j for a day without a bill', async (refuse) => {
    const missing = await books.paidOrder();
    books.wechat.offers.v2 = [{ refuse }];
    expect(await books.runV2()).toMatchObject({ lines: 0, differences: 1 });
    expect(books.report().differences).toMatchObject([{ kind: 'missing-in-bill', no: missing.outTradeNo }]);
  });

  it.each(['Bill Creating', 'bill  creating'])('says of %j that it is not ready', async (refuse) => {
    books.wechat.offers.v2 = [{ refuse }];
    await expect(books.runV2()).rejects.toThrow('try again in half an hour');
    expect(asked()).toHaveLength(1);
  });

  it('names the key when WeChat refuses the signature', async () => {
    const refusal = { code: 'WECHAT_CONFIG', message: expect.stringContaining('PAY_API_V2_KEY') as string };
    await expect(books.runV2({ apiV2Key: 'f'.repeat(32) })).rejects.toMatchObject(refusal);
  });

  const text = tradeBill({ payments: [unknown, { ...unknown, outTradeNo: 'till-2' }] });
  const lines = text.split('\r\n');
  it.each([
    ['lacks a line', lines.toSpliced(2, 1).join('\r\n')],
    ['ends in the middle', text.slice(0, text.length / 2)],
    ['is a page of somebody else', '<!DOCTYPE html><html>'],
    ['is empty', ''],
  ])('asks once more for what %s, and compares nothing of it', async (_, damaged) => {
    books.wechat.offers.v2 = [{ bytes: gzipSync(damaged) }, { bytes: Buffer.from(damaged) }];
    await expect(books.runV2()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(asked()).toHaveLength(2);
    expect(await books.recorded()).toEqual([]);
    books.wechat.offers.v2 = [{ bytes: gzipSync(damaged) }, { text }];
    expect(await books.runV2()).toMatchObject({ lines: 2, differences: 2 });
  });
});
