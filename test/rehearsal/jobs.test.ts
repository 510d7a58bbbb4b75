// Tests the operator functions, the schedules, and the logs and queues at the end of a rehearsal. They run after the
// end-to-end tests, because they move WeChat's clock to the next day.
import { describe, expect, inject, it } from 'vitest';
import { api, operator, phone } from '../support/client.ts';
import { assertNoLeaks, issuedBy } from '../support/leaks.ts';
import { callAws } from './call-aws.ts';
import { readFunctionLogs } from './logs.ts';

const { stack, outputs, region } = inject('rehearsal');
const aws = { endpoint: stack.aws, region };

describe('pay-bills', () => {
  it('compares the bills of a day with the ledger and stores the report in the bucket', async () => {
    const person = await phone.newPerson();
    const { token } = (await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } })).body;
    const placed = (await api('POST', '/pay/prepay', { token, body: { sku: 'coffee', tradeType: 'JSAPI' } })).body;
    await phone.act(person, 'pay', { prepayId: placed.payment.package });
    const { paidAt } = (await api('GET', `/pay/orders/${placed.order.outTradeNo}`, { token })).body.order;
    const date = new Date(Date.parse(paidAt) + 8 * 3_600_000).toISOString().slice(0, 10);
    await phone.advanceClock(36 * 3_600_000);

    const compared = await operator('pay-bills', { date });
    expect(compared).toMatchObject({ date, report: `bills/${date}.json` });
    expect(compared.lines).toBeGreaterThan(0);
    const report = await fetch(`${stack.aws}/${outputs['BillReportsBucket']}/${compared.report}`);
    expect(await report.json()).toMatchObject({ date });
  });
});

describe('menu-publish', () => {
  it('publishes a menu for an operator', async () => {
    const button = [{ type: 'click', name: 'Help', key: 'HELP' }];
    expect(await operator('menu-publish', { button })).not.toHaveProperty('errorMessage');
  });
});

describe('complaint-sweep', () => {
  it('compares the complaints of WeChat Pay with the table', async () => {
    expect(await operator('complaint-sweep', {})).toMatchObject({ more: false });
  });
});

describe('the schedules', () => {
  it.each([
    ['token-refresh', 1],
    ['shipping-sweep', 1],
    // Four parts, and test/e2e/pay.test.ts may have called pay-sweep once.
    ['pay-sweep', 5],
  ])('start %s automatically (minimum number of runs: %d)', async (name, times) => {
    const beginnings = async () =>
      (await readFunctionLogs(aws)).filter((line) => line.includes(`-${name}: START `)).length;
    await expect.poll(beginnings, { timeout: 140_000, interval: 1_000 }).toBeGreaterThanOrEqual(times);
  });
});

describe('after the rehearsal', () => {
  it.each(['StreamDeadLettersUrl', 'ConsumerDeadLettersUrl'])('the queue %s contains no dead letter', async (name) => {
    const { Attributes } = await callAws<{ Attributes: Record<string, string> }>(
      aws,
      'sqs',
      'AmazonSQS.GetQueueAttributes',
      { QueueUrl: outputs[name], AttributeNames: ['ApproximateNumberOfMessages'] },
    );
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '0' });
  });

  it('no log contains a secret or personal data', async () => {
    const lines = await readFunctionLogs(aws);
    expect(lines.length).toBeGreaterThan(0);
    assertNoLeaks(lines.join('\n'), await issuedBy(stack.simulator));
  });
});
