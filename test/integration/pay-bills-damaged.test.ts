// Bills that are not whole, on the real engine: nothing of them is compared.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tradeBill } from '../support/bill-files.ts';
import { createReconciler, type Reconciler } from '../support/reconciler.ts';

let books: Reconciler;
beforeEach(async () => void (books = await createReconciler()));
afterEach(() => books.close());

describe('a bill that came damaged', () => {
  const text = tradeBill({ payments: [{ outTradeNo: 'unknown', transactionId: '1', yuan: '1.00' }] });
  const broken = {
    'has another hash': { text, sha1: '0'.repeat(40) },
    'is broken gzip': { bytes: gzipSync(text).fill(0, 20, 60), sha1: '0'.repeat(40) },
    'ends too early': { bytes: gzipSync(text).subarray(0, 100), sha1: '0'.repeat(40) },
    'is no bill': { text: '<html>' },
    'lacks a line': { text: text.replace(/`2026[^\n]*\n/, '') },
  };

  it.each(Object.entries(broken))('%s: it is fetched once more', async (_, first) => {
    books.wechat.offers.trade = [first, { text }];
    expect(await books.run()).toMatchObject({ lines: 1, differences: 1 });
    expect(books.wechat.calls.filter(({ url }) => url.startsWith('/v3/billdownload'))).toHaveLength(2);
  });

  it.each(Object.entries(broken))('%s, twice: nothing of it is compared', async (_, offered) => {
    books.wechat.offers.trade = [offered];
    await expect(books.run()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await books.recorded()).toEqual([]);
    expect(books.wechat.reports.size).toBe(0);
  });

  it('breaks off on the way: it is fetched once more, then given up', async () => {
    books.wechat.offers.trade = [{ text }];
    books.wechat.state.breakOffAfter = 50;
    await expect(books.run()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(books.wechat.calls.filter(({ url }) => url.startsWith('/v3/billdownload'))).toHaveLength(2);
  });

  it('a hash in capitals is the same, and a plain file is read too', async () => {
    const bytes = Buffer.from(text);
    books.wechat.offers.trade = [{ bytes, sha1: createHash('sha1').update(bytes).digest('hex').toUpperCase() }];
    expect(await books.run()).toMatchObject({ lines: 1 });
  });

  it('an address that leads elsewhere is not visited', async () => {
    books.wechat.offers.trade = [{ text }];
    books.wechat.state.downloadHost = books.wechat.url.replace('127.0.0.1', 'localhost');
    await expect(books.run()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(books.wechat.calls.filter(({ url }) => url.startsWith('/v3/billdownload'))).toHaveLength(0);
  });
});
