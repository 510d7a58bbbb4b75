import type { Clock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import { PlatformError } from '../platform/error.ts';
import { LIVE, SANDBOX } from './ledger.ts';
import type { Env } from './ledger.ts';

export interface Good {
  id: string;
  name: string;
  priceFen: number;
  isPublished: boolean;
  /** From when the published good can be bought (epoch ms). */
  buyableAt: number;
}

export type NewGood = Pick<Good, 'id' | 'name' | 'priceFen'>;

export type TaskKind = 'upload' | 'publish';

/** The status of an item in a task. */
const RUNNING = 0;
const EXISTS = 1;
const DONE = 2;
const FAILED = 3;

interface Outcome {
  itemStatus: typeof RUNNING | typeof EXISTS | typeof DONE | typeof FAILED;
  problem?: string;
}

interface Task extends Outcome {
  id: string;
  isRunning: boolean;
}

/** The task of an environment as WeChat reports it; status 0 none, 1 running, 2 failed at least in part, 3 done. */
export interface TaskReport {
  status: 0 | 1 | 2 | 3;
  item?: { id: string; itemStatus: number; problem?: string };
}

const TASK_MS = 1_000;
/** WeChat documents ten to thirty minutes until a published good can be bought. */
const READY_MS = 10 * 60_000;

/**
 * The goods of the mini-program, with a price in each environment. A task uploads or publishes one good, and only one task
 * runs at a time.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_start_upload_goods
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_publish_goods
 */
export class Goods {
  readonly #clock: Clock;
  readonly #faults: Faults;
  readonly #goods: Record<Env, Map<string, Good>> = { [LIVE]: new Map(), [SANDBOX]: new Map() };
  readonly #tasks: Record<Env, Partial<Record<TaskKind, Task>>> = { [LIVE]: {}, [SANDBOX]: {} };

  /** @param ready goods that were published long ago */
  constructor(clock: Clock, faults: Faults, ready: NewGood[]) {
    this.#clock = clock;
    this.#faults = faults;
    for (const good of ready) for (const env of [LIVE, SANDBOX] as const) this.put(env, good);
  }

  all(env: Env): Good[] {
    return [...this.#goods[env].values()];
  }

  find(env: Env, id: string): Good | undefined {
    return this.#goods[env].get(id);
  }

  /** Creates or changes a good in the console. The good can be bought at once. */
  put(env: Env, good: NewGood): Good {
    const put = { ...good, isPublished: true, buyableAt: this.#clock.now() };
    this.#goods[env].set(good.id, put);
    return put;
  }

  /** Starts the upload of a good. A good that exists keeps its price. @throws PlatformError 268490012 */
  startUpload(env: Env, good: NewGood): void {
    this.#start(env, 'upload', { id: good.id, exists: this.find(env, good.id) !== undefined }, () => {
      if (this.#faults.takeVariant('goods', 'upload-failed'))
        return { itemStatus: FAILED, problem: '道具图片下载失败' };
      this.#goods[env].set(good.id, { ...good, isPublished: false, buyableAt: Infinity });
      return { itemStatus: DONE };
    });
  }

  /** Starts the publication of an uploaded good. @throws PlatformError 268490012 */
  startPublish(env: Env, id: string): void {
    const good = this.find(env, id);
    this.#start(env, 'publish', { id, exists: good?.isPublished === true }, () => {
      if (!good) return { itemStatus: FAILED, problem: '道具不存在' };
      if (this.#faults.takeVariant('goods', 'publish-failed')) return { itemStatus: FAILED, problem: '道具审核不通过' };
      Object.assign(good, { isPublished: true, buyableAt: this.#clock.now() + READY_MS });
      return { itemStatus: DONE };
    });
  }

  /** Reports the newest task of a kind. */
  report(env: Env, kind: TaskKind): TaskReport {
    const task = this.#tasks[env][kind];
    if (!task) return { status: 0 };
    const { id, itemStatus, problem } = task;
    const item = { id, itemStatus, ...(problem !== undefined && { problem }) };
    if (task.isRunning) return { status: 1, item };
    const isDone =
      itemStatus === DONE || (itemStatus === EXISTS && this.#faults.takeVariant('goods', 'exists-is-done'));
    return { status: isDone ? 3 : 2, item };
  }

  /** Starts a task. It has ended at once if its result exists. */
  #start(env: Env, kind: TaskKind, { id, exists }: { id: string; exists: boolean }, finish: () => Outcome): void {
    const tasks = this.#tasks[env];
    if (tasks.upload?.isRunning || tasks.publish?.isRunning) throw new PlatformError(268490012);
    const task: Task = { id, isRunning: !exists, itemStatus: exists ? EXISTS : RUNNING };
    tasks[kind] = task;
    if (exists) return;
    this.#clock.schedule(this.#clock.now() + TASK_MS, async () => {
      Object.assign(task, { isRunning: false }, finish());
    });
  }
}
