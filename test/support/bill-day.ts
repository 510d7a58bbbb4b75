// A day of any number of payments and refunds. Each is derived from its index, so the day needs no memory.
import { createHash, hash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { APP_ID, fundFlowLines, MCH_ID, tradeLines, type BilledRefund, type Payment } from './bill-files.ts';

export const DAY = '2025-11-20';
const AMOUNT_FEN = 1_800;
const REFUND_FEN = 300;
/** Every twentieth line is a refund, of the payment before it. */
const REFUND_EACH = 20;
/** The order of every thousandth line is absent from the ledger. */
const UNKNOWN_EACH = 1_000;

const isRefund = (index: number) => index % REFUND_EACH === REFUND_EACH - 1;
const isUnknown = (index: number) => index % UNKNOWN_EACH === 0;

/** Returns the payment of a line. The order number contains the index. */
function paymentAt(index: number): Payment {
  const owner = hash('sha1', String(index)).slice(0, 16);
  const outTradeNo = owner + index.toString(36).padStart(16, '0');
  return { outTradeNo, transactionId: `4200${outTradeNo.slice(-24)}`, yuan: (AMOUNT_FEN / 100).toFixed(2) };
}

function refundAt(index: number): BilledRefund {
  const outRefundNo = `R${index.toString(36)}`;
  return { payment: paymentAt(index - 1), outRefundNo, refundId: `5030${index}`, yuan: (REFUND_FEN / 100).toFixed(2) };
}

/** Returns the ledger's item of an order or refund number; undefined when the ledger has no such item. */
export function ledgerItem(no: string): Record<string, string | number> | undefined {
  if (no.startsWith('R')) {
    const { payment, outRefundNo } = refundAt(Number.parseInt(no.slice(1), 36));
    return { outRefundNo, outTradeNo: payment.outTradeNo, amountFen: REFUND_FEN, status: 'SUCCESS' };
  }
  const index = Number.parseInt(no.slice(16), 36);
  if (isUnknown(index)) return undefined;
  const { transactionId } = paymentAt(index);
  const money = { amountFen: AMOUNT_FEN, state: 'PAID', transactionId, paidAt: `${DAY}T04:00:00.000Z` };
  return { outTradeNo: no, appId: APP_ID, mchId: MCH_ID, ...money };
}

/** Generates the numbers of the orders in the ledger; with `refunds` also those of the refunds. */
export function* ledgerNumbers(lines: number, { refunds = false } = {}): Generator<string> {
  for (let index = 0; index < lines; index += 1) {
    if (isRefund(index)) {
      if (refunds) yield refundAt(index).outRefundNo;
    } else if (!isUnknown(index)) yield paymentAt(index).outTradeNo;
  }
}

/** Generates the ids of the accounts whose orders the ledger has lost. */
export function* ownersOfUnknown(lines: number): Generator<string> {
  for (let index = 0; index < lines; index += UNKNOWN_EACH) yield paymentAt(index).outTradeNo.slice(0, 16);
}

/** Returns the expected result. Both bills contain each unknown order, and it is one difference. */
export function expectedOf(lines: number) {
  return { lines: 2 * lines, foreign: 0, differences: Math.ceil(lines / UNKNOWN_EACH) };
}

/** Builds both bills of the day, compressed, with the hash of their content. */
export async function makeDay(lines: number) {
  const rows = function* rows() {
    for (let index = 0; index < lines; index += 1) {
      yield isRefund(index) ? { refund: refundAt(index) } : { payment: paymentAt(index) };
    }
  };
  return { trade: await pack(tradeLines(rows())), fundFlow: await pack(fundFlowLines(rows())) };
}

async function pack(lines: Iterable<string>): Promise<{ bytes: Buffer; sha1: string }> {
  const [digest, gzip] = [createHash('sha1'), createGzip({ level: 1 })];
  const bytes = buffer(gzip);
  let text = '\uFEFF';
  const write = async () => {
    digest.update(text);
    if (!gzip.write(text)) await new Promise((resolve) => void gzip.once('drain', resolve));
    text = '';
  };
  for (const line of lines) {
    text += `${line}\r\n`;
    if (text.length > 64 * 1024) await write();
  }
  await write();
  gzip.end();
  return { bytes: await bytes, sha1: digest.digest('hex') };
}
