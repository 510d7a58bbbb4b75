import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import { WechatAnswerError } from '../../core/wechat-words.ts';
import { callVirtual, type VirtualDeps } from './client.ts';
import { ENV_NUMBERS } from './sign.ts';

/** A good of virtual payment. */
interface VirtualGood {
  /** 1 to 64 letters, digits, `_` and `-`. */
  id: string;
  /** At most 20 characters. */
  name: string;
  unitFen: number;
  remark: string;
  /** Address of a JPEG or PNG picture. */
  imageUrl: string;
}

/** A good in a report. `exists`: an earlier task took effect. */
export interface GoodsTaskItem {
  id: string;
  outcome: (typeof OUTCOMES)[number];
  /** The price of the good at WeChat (fen), where WeChat returns it. */
  unitFen: number | undefined;
  /** The sentence of WeChat about a failure. */
  words: string;
}

/** A report on the newest task of a kind. Tasks have no number, and the newest task can be one of another caller. */
export interface GoodsTaskReport {
  isRunning: boolean;
  items: GoodsTaskItem[];
}

/** A task for one good. WeChat runs one task at a time. */
export interface GoodsTask {
  /** @throws RATE_LIMITED while another task runs; the other errors of callVirtual */
  start(): Promise<void>;
  /** @throws the errors of callVirtual */
  query(): Promise<GoodsTaskReport>;
}

/** The tasks after which buyers can buy a good. */
export interface GoodsApi {
  /** Returns the task that creates a good. A good that exists keeps its name, picture and price. */
  upload(good: VirtualGood): GoodsTask;
  /** Returns the task that publishes a good. */
  publish(id: string): GoodsTask;
}

/**
 * Returns the calls about goods.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_start_upload_goods
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_publish_goods
 */
export function virtualGoodsApi(deps: VirtualDeps): GoodsApi {
  return {
    upload: ({ id, name, unitFen: price, remark, imageUrl: item_url }) =>
      goodsTask(deps, 'upload', { id, name, price, remark, item_url }),
    publish: (id) => goodsTask(deps, 'publish', { id }),
  };
}

function goodsTask(deps: VirtualDeps, kind: 'upload' | 'publish', item: Record<string, unknown>): GoodsTask {
  const env = ENV_NUMBERS[deps.virtual.env];
  return {
    start: async () => {
      await callVirtual(deps, `start_${kind}_goods`, { [`${kind}_item`]: [item], env });
    },
    query: async () => {
      const answer = await callVirtual(deps, `query_${kind}_goods`, { env });
      return readReport(answer['status'], answer[`${kind}_item`] ?? [], `${kind}_status`);
    },
  };
}

const OUTCOMES = ['running', 'exists', 'done', 'failed'] as const;
const RUNNING = 1;

const ITEM = {
  id: v.string(),
  outcome: v.picklist([0, 1, 2, 3]),
  price: v.optional(v.number()),
  errmsg: v.optional(v.string(), ''),
};

function readReport(status: unknown, items: unknown, outcomeField: string): GoodsTaskReport {
  const named = v.pipe(
    v.looseObject({}),
    v.transform((item: Record<string, unknown>) => ({ ...item, outcome: item[outcomeField] })),
    v.object(ITEM),
  );
  const parsed = v.safeParse(v.object({ status: v.picklist([0, RUNNING, 2, 3]), items: v.array(named) }), {
    status,
    items,
  });
  if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat returned no valid report on a task for goods');
  return {
    isRunning: parsed.output.status === RUNNING,
    items: parsed.output.items.map(({ id, outcome, price, errmsg }) => ({
      id,
      outcome: OUTCOMES[outcome],
      unitFen: price,
      words: new WechatAnswerError('goods', errmsg).words,
    })),
  };
}
