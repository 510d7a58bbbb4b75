// The checks of the doctor about virtual payment.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../../infra/service/table.ts';
import { putPrice, putPublication, type Price } from '../../../lib/store/prices.ts';
import type { Table } from '../../../lib/store/table.ts';
import { examineStage } from './examine.ts';
import { startStage, type Stage } from './stage.ts';

const topUp: Price = { sku: 'top-up', description: 'Top-up', kind: 'wallet-topup', minFen: 100, maxFen: 500_000 };

let stage: Stage;
let table: Table;
beforeAll(async () => {
  stage = await startStage();
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint, TABLE_NAME: name } = stage.settings;
  table = { name: name!, client: DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(endpoint!))) };
  await putPrice(table, topUp);
  await putPrice(table, { sku: 'coffee', description: 'Coffee', kind: 'goods', unitFen: 1_800 });
});
afterEach(() => stage.reset());
afterAll(async () => {
  table.client.destroy();
  await stage.stop();
});

describe('npm run doctor for a mini-program with virtual payment', () => {
  it('proves the AppKey at WeChat', async () => {
    const { code, stdout } = await examineStage(stage);
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ VIRTUAL_PAY_OFFER_ID +1450000001$/m);
    expect(stdout).toMatch(/✓ VIRTUAL_PAY_APP_KEY +WeChat accepts our signature for live$/m);
  });

  it('fails for the AppKey of another environment, and names both settings', async () => {
    stage.variables.VIRTUAL_PAY_ENV = 'sandbox';
    const { code, rows } = await examineStage(stage);
    const note = /must be the AppKey of sandbox → npm run secrets -- put VIRTUAL_PAY_APP_KEY, or VIRTUAL_PAY_ENV in/;
    expect([code, rows['✗ VIRTUAL_PAY_APP_KEY']]).toEqual([1, expect.stringMatching(note)]);
  });

  it('fails without the AppKey', async () => {
    stage.remove('VIRTUAL_PAY_APP_KEY');
    const { rows } = await examineStage(stage);
    expect(rows['✗ VIRTUAL_PAY_APP_KEY']).toContain('→ npm run secrets -- put VIRTUAL_PAY_APP_KEY');
  });

  it.each([
    ['VIRTUAL_PAY_ENV', 'test', 'must be sandbox or live'],
    ['VIRTUAL_PAY_EXEMPT', 'yes', 'must be false or true'],
  ])('fails for a wrong %s', async (name, value, why) => {
    stage.variables[name] = value;
    expect((await examineStage(stage)).rows[`✗ ${name}`]).toBe(`${name} ${why} → ${name} in .env.<stage>`);
  });

  it('warns of a virtual good until the good is published for its price', async () => {
    const { code, rows } = await examineStage(stage);
    expect([code, rows['! virtual goods']]).toEqual([0, expect.stringContaining('top-up is not published for live')]);
    await putPublication(table, 'top-up', { env: 'live', unitFen: 100, state: 'published', at: '2026-12-01T08:00Z' });
    expect((await examineStage(stage)).stdout).toMatch(/✓ virtual goods +published for live: top-up$/m);
  });

  it('warns of plain mode and of the exemption', async () => {
    Object.assign(stage.variables, { MINIAPP_MODE: 'plain', VIRTUAL_PAY_EXEMPT: 'true' });
    expect((await examineStage(stage)).rows).toMatchObject({
      '! delivery push': expect.stringContaining('each delivery costs a query'),
      '! VIRTUAL_PAY_EXEMPT': expect.stringContaining('unless WeChat exempts your category'),
    });
  });
});

describe('npm run doctor for a mini-program without virtual payment', () => {
  it('names the virtual goods that the mini-program cannot sell', async () => {
    stage.variables.VIRTUAL_PAY_OFFER_ID = '';
    const { code, rows, stdout } = await examineStage(stage);
    expect([code, rows['! virtual goods']]).toEqual([0, expect.stringContaining('cannot sell top-up')]);
    expect(stdout).toMatch(/virtual payment\n {2}– not set up +VIRTUAL_PAY_OFFER_ID is not set/);
    stage.variables.VIRTUAL_PAY_EXEMPT = 'true';
    expect((await examineStage(stage)).rows['– virtual goods']).toBe('top-up: sold by ordinary payment');
  });

  it('checks nothing without a mini-program', async () => {
    stage.variables.MINIAPP_APP_ID = '';
    expect((await examineStage(stage)).stdout).toMatch(/virtual payment\n {2}– not set up +MINIAPP_APP_ID is not set/);
  });
});
