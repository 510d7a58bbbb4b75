import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { settings } from '../../../lib/core/config.ts';
import type { VirtualEnv } from '../../../lib/core/virtual-env.ts';
import { isVirtualGood, readPrices, stepOf, type Price } from '../../../lib/store/prices.ts';
import { clientSettings } from '../../service/table.ts';
import type { CheckOutcome } from '../check-report.ts';
import type { Deployment } from '../deployment.ts';
import type { Target } from '../target.ts';

/** Reads the virtual goods of the catalogue from the table. */
export async function readVirtualGoods({ region }: Target, { variables }: Deployment): Promise<Price[]> {
  const { AWS_ENDPOINT_URL_DYNAMODB: engine } = variables;
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(engine ? clientSettings(engine) : { region }));
  try {
    const prices = await readPrices({ name: settings('TABLE_NAME').TABLE_NAME, client });
    return prices.filter(isVirtualGood);
  } finally {
    client.destroy();
  }
}

const NONE: CheckOutcome = { mark: '–', note: 'the catalogue has none' };

/** Judges the virtual goods of a mini-program without virtual payment. */
export function judgeUnsold(goods: Price[], isExempt: boolean): CheckOutcome {
  if (goods.length === 0) return NONE;
  const skus = goods.map(({ sku }) => sku).join(', ');
  if (isExempt) return { mark: '–', note: `${skus}: sold by ordinary payment` };
  const note = `the mini-program cannot sell ${skus}: WeChat permits only 虚拟支付 → VIRTUAL_PAY_OFFER_ID in .env.<stage>, then deploy`;
  return { mark: '!', note };
}

/** Judges whether each virtual good is published in the environment for its price. */
export function judgeGoods(goods: Price[], env: VirtualEnv): string | CheckOutcome {
  if (goods.length === 0) return NONE;
  const problems = goods.flatMap((price) => {
    const problem = problemOf(price, env);
    return problem === undefined ? [] : [`${price.sku} ${problem}`];
  });
  if (problems.length === 0) return `published for ${env}: ${goods.map(({ sku }) => sku).join(', ')}`;
  return { mark: '!', note: `${problems.join('; ')} → repeat catalog-put with these items, which returns the reason` };
}

function problemOf(price: Price, env: VirtualEnv): string | undefined {
  const { published } = price;
  if (published?.env !== env) return `is not published for ${env}`;
  if (published.state === 'failed') return 'could not be published';
  const unitFen = stepOf(price);
  if (published.unitFen !== unitFen) return `is published for ${published.unitFen} fen, not for ${unitFen} fen`;
  return published.state === 'publishing' ? 'is not published yet' : undefined;
}
