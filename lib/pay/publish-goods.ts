import { AppError, type ErrorCode } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { messageForOperator } from '../core/wechat-words.ts';
import type { VirtualEnv } from '../core/virtual-env.ts';
import { isVirtualGood, putPublication, stepOf, type Price, type Publication } from '../store/prices.ts';
import type { Table } from '../store/table.ts';
import type { GoodsApi, GoodsTask, GoodsTaskItem } from '../wechat-pay/virtual/goods.ts';

export interface PublishDeps extends Pick<Runtime, 'now' | 'sleep'> {
  table: Table;
  /** Absent if virtual payment is not set up. */
  virtualPay?: { env: VirtualEnv; loadGoodsApi(): Promise<GoodsApi> } | undefined;
}

/** A virtual good of the catalogue, as the operator sees it. */
export interface GoodView {
  sku: string;
  /** The price of one good (fen): buyers of a range buy several. */
  unitFen: number;
  state: Publication['state'] | 'not-configured';
  /** Time from which buyers can buy a good that was published recently (ISO 8601). */
  buyableAt?: string;
  /** The reason of the state, or the check that the operator must make. */
  reason?: string;
}

/** Time for the tasks of all goods. The function times out after 180 seconds. */
const BUDGET_MS = 150_000;
const POLL_MS = 2_000;
/** WeChat makes a published good buyable within this time. */
const BUYABLE_AFTER_MS = 30 * 60_000;
const NAME_LENGTH = 20;

/**
 * Uploads and publishes the virtual goods among these prices, one after the other. A good that is published for its price
 * is not uploaded again: WeChat keeps the name, the picture and the price of a good, which only the console changes.
 * A repeated call continues where an earlier call ended.
 * @param prices the prices as they are stored, with their publications
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export async function publishGoods(deps: PublishDeps, prices: Price[]): Promise<GoodView[]> {
  const deadlineMs = deps.now() + BUDGET_MS;
  const views: GoodView[] = [];
  for (const price of prices.filter(isVirtualGood)) views.push(await publishGood(deps, price, deadlineMs));
  return views;
}

async function publishGood(deps: PublishDeps, price: Price, deadlineMs: number): Promise<GoodView> {
  const { table, now, virtualPay } = deps;
  const good = { sku: price.sku, unitFen: stepOf(price) };
  if (!virtualPay) return { ...good, state: 'not-configured', reason: 'VIRTUAL_PAY_OFFER_ID is not set' };
  const { published } = price;
  const isSame = published?.env === virtualPay.env && published.unitFen === good.unitFen;
  if (isSame && published.state === 'published') return viewOf(good, published, now());
  const { state, reason } = await runTasks(deps, virtualPay.loadGoodsApi, { price, deadlineMs });
  const publication = { env: virtualPay.env, unitFen: good.unitFen, state, at: new Date(now()).toISOString() };
  await putPublication(table, price.sku, publication);
  return { ...viewOf(good, publication, now()), ...(reason !== undefined && { reason }) };
}

function viewOf(good: Pick<GoodView, 'sku' | 'unitFen'>, { state, at }: Publication, nowMs: number): GoodView {
  const buyableAtMs = Date.parse(at) + BUYABLE_AFTER_MS;
  const isTooNew = state === 'published' && buyableAtMs > nowMs;
  return { ...good, state, ...(isTooNew && { buyableAt: new Date(buyableAtMs).toISOString() }) };
}

/** A repeated call can succeed without any change. */
const TRANSIENT = new Set<ErrorCode>(['RATE_LIMITED', 'WECHAT_UNAVAILABLE', 'WECHAT_TIMEOUT']);
/** How many calls in a row may fail before the task is given up. */
const MAX_FAILURES = 3;

const NO_PICTURE =
  '. The good was not uploaded, because the sku has no imageUrl: add one, or create the good in the console';

async function runTasks(
  deps: PublishDeps,
  loadGoodsApi: () => Promise<GoodsApi>,
  { price, deadlineMs }: { price: Price; deadlineMs: number },
): Promise<Pick<GoodView, 'reason'> & Pick<Publication, 'state'>> {
  const complete = (task: GoodsTask) => completeTask(deps, task, { id: price.sku, deadlineMs });
  try {
    const api = await loadGoodsApi();
    const reason = await upload(complete, api, price);
    await complete(api.publish(price.sku));
    return { state: 'published', ...reason };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const reason = messageForOperator(error);
    if (!TRANSIENT.has(error.code)) return { state: 'failed', reason: price.imageUrl ? reason : reason + NO_PICTURE };
    return { state: 'publishing', reason: `${reason}. Repeat catalog-put, which continues` };
  }
}

/**
 * Uploads a good. WeChat requires a picture, so a sku without a picture must exist in the console.
 * @returns what the operator must check, if anything
 * @throws FORBIDDEN when WeChat declines the good, or has it for another price; the errors of completeTask
 */
async function upload(
  complete: (task: GoodsTask) => Promise<GoodsTaskItem>,
  api: GoodsApi,
  price: Price,
): Promise<Pick<GoodView, 'reason'>> {
  const { sku: id, description, imageUrl } = price;
  const unitFen = stepOf(price);
  const check = `check in the console that the price of the good is ${unitFen} fen`;
  if (imageUrl === undefined) return { reason: `Not uploaded, because the sku has no imageUrl; ${check}` };
  const name = description.slice(0, NAME_LENGTH).trimEnd();
  const item = await complete(api.upload({ id, name, unitFen, remark: description, imageUrl }));
  if (item.outcome !== 'exists' || item.unitFen === unitFen) return {};
  if (item.unitFen === undefined) return { reason: `WeChat had this good before, and keeps its price; ${check}` };
  throw new AppError(
    'FORBIDDEN',
    `WeChat has this good for ${item.unitFen} fen, and keeps the price of a good; change it in the console, or use another sku`,
  );
}

/**
 * Runs a task to its end. WeChat runs one task at a time, so the start is repeated while another task runs, and after the
 * task of another caller took the place of this one. A repeated task has the outcome `exists`.
 * @throws FORBIDDEN when the task failed
 * @throws RATE_LIMITED, WECHAT_TIMEOUT when the time is up; WECHAT_UNAVAILABLE, WECHAT_TIMEOUT after several failures
 * @throws the other errors of callVirtual
 */
async function completeTask(
  { now, sleep }: Pick<PublishDeps, 'now' | 'sleep'>,
  task: GoodsTask,
  { id, deadlineMs }: { id: string; deadlineMs: number },
): Promise<GoodsTaskItem> {
  let [isStarted, failures] = [false, 0];
  let problem = new AppError('WECHAT_TIMEOUT', 'The time for the tasks of WeChat is up');
  while (now() < deadlineMs) {
    try {
      if (!isStarted) await task.start();
      isStarted = true;
      const { isRunning, items } = await task.query();
      const item = items.find((one) => one.id === id);
      if (!isRunning && item && item.outcome !== 'running') return assertDone(item);
      isStarted = isRunning;
      failures = 0;
    } catch (error) {
      if (!(error instanceof AppError) || !TRANSIENT.has(error.code)) throw error;
      if (error.code !== 'RATE_LIMITED') failures += 1;
      if (failures === MAX_FAILURES) throw error;
      problem = error;
    }
    await sleep(POLL_MS);
  }
  throw problem;
}

function assertDone(item: GoodsTaskItem): GoodsTaskItem {
  if (item.outcome !== 'failed') return item;
  throw new AppError('FORBIDDEN', `WeChat declined the good: ${item.words || 'no reason given'}`);
}
