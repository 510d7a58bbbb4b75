import { isAppError } from '../core/errors.ts';
import { countMetric } from '../core/metrics.ts';
import { dueFollowUpPages } from '../store/follow-ups.ts';
import { followShipment, type FollowDeps } from './follow-shipment.ts';
import { concernsOneOrder } from './upload-shipment.ts';

/** Concurrent looks of one run. WeChat documents no limit, so the calls are few. */
const WORKERS = 4;
/** A run starts no further look after this time. The next run begins a minute after this run began. */
const RUN_MS = 50_000;
/** Circuit breaker: a run ends after this many failed calls in a row, because WeChat is probably down. */
const MAX_FAILURES = 2 * WORKERS;

/** The result of one run. */
export interface ShipmentSweep {
  /** Shipments that this run claimed. `failed` of them stay in the schedule for a retry. */
  visited: number;
  failed: number;
  /** Whether due shipments are left for the next run. */
  more: boolean;
}

/** Processes the shipments that are due. */
export async function sweepShipments(deps: FollowDeps): Promise<ShipmentSweep> {
  const beganAtMs = deps.now();
  const run = { visited: 0, failed: 0, more: false };
  const dueFollowUps = eachOf(dueFollowUpPages(deps.table, { kind: 'shipment', nowMs: beganAtMs }));
  let failuresInARow = 0;
  let isLimited = false;
  const work = async () => {
    for (;;) {
      const { value: followUp, done } = await dueFollowUps.next();
      if (done) return;
      if (isLimited || failuresInARow >= MAX_FAILURES || deps.now() - beganAtMs > RUN_MS) {
        run.more = true;
        return;
      }
      try {
        if (await followShipment(deps, followUp)) run.visited += 1;
        failuresInARow = 0;
      } catch (error) {
        run.visited += 1;
        run.failed += 1;
        isLimited ||= isAppError(error, 'RATE_LIMITED');
        failuresInARow = concernsOneOrder(error) ? 0 : failuresInARow + 1;
        deps.log.warn('shipment.follow-up-failed', { no: followUp.no, error });
      }
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  if (run.visited > 0 || run.more) deps.log.info('shipping-sweep.finished', { ...run, ms: deps.now() - beganAtMs });
  if (run.more) countMetric('UnfinishedSweeps', {});
  return run;
}

async function* eachOf<Item>(pages: AsyncIterable<Item[]>): AsyncGenerator<Item, undefined> {
  for await (const page of pages) yield* page;
}
