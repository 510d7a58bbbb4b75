// Damaged bills, on the real engine: no line of them is compared.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tradeBill } from '../support/bill-files.ts';
import { createReconciler, type Reconciler } from '../support/reconciler.ts';

let reconciler: Reconciler;
beforeEach(async () => void (reconciler = await createReconciler()));
afterEach(() => reconciler.close());

describe('a damaged bill', () => {
  const text = tradeBill({ payments: [{ outTradeNo: 'unknown', transactionId: '1', yuan: '1.00' }] });
  const broken = {
    'with another hash': { text, sha1: '0'.repeat(40) },
    'of broken gzip': { bytes: gzipSync(text).fill(0, 20, 60), sha1: '0'.repeat(40) },
    'that ends too early': { bytes: gzipSync(text).subarray(0, 100), sha1: '0'.repeat(40) },
    'of another format': { text: '<html>' },
    'without a line': { text: text.replace(/`2026[^\n]*\n/, '') },
  };

  it.each(Object.entries(broken))('downloads a bill %s a second time', async (_, first) => {
    reconciler.wechat.offers.trade = [first, { text }];
    expect(await reconciler.run()).toMatchObject({ lines: 1, foreign: 1 });
    expect(reconciler.wechat.calls.filter(({ url }) => url.startsWith('/v3/billdownload'))).toHaveLength(2);
  });

  it.each(Object.entries(broken))('compares no line of a bill %s, downloaded twice', async (_, offered) => {
    reconciler.wechat.offers.trade = [offered];
    await expect(reconciler.run()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await reconciler.recorded()).toEqual([]);
    expect(reconciler.wechat.reports.size).toBe(0);
  });

  it('rejects a bill whose download breaks off twice', async () => {
    reconciler.wechat.offers.trade = [{ text }];
    reconciler.wechat.state.breakOffAfter = 50;
    await expect(reconciler.run()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(reconciler.wechat.calls.filter(({ url }) => url.startsWith('/v3/billdownload'))).toHaveLength(2);
  });

  it('accepts a hash in capitals and an uncompressed file', async () => {
    const bytes = Buffer.from(text);
    reconciler.wechat.offers.trade = [{ bytes, sha1: createHash('sha1').update(bytes).digest('hex').toUpperCase() }];
    expect(await reconciler.run()).toMatchObject({ lines: 1 });
  });

  it('does not download from a host other than WeChat Pay', async () => {
    reconciler.wechat.offers.trade = [{ text }];
    reconciler.wechat.state.downloadHost = reconciler.wechat.url.replace('127.0.0.1', 'localhost');
    await expect(reconciler.run()).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(reconciler.wechat.calls.filter(({ url }) => url.startsWith('/v3/billdownload'))).toHaveLength(0);
  });
});
