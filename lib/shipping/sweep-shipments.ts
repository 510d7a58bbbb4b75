import { isAppError } from '../core/errors.ts';
import { countMetric } from '../core/metrics.ts';
import { entriesOf, workThrough, type Outcome } from '../core/work-through.ts';
import { dueFollowUpPages, type FollowUp } from '../store/follow-ups.ts';
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
  const dueShipments = entriesOf(dueFollowUpPages(deps.table, { kind: 'shipment', nowMs: beganAtMs }));
  const run = await workThrough(dueShipments, {
    workers: WORKERS,
    maxFailures: MAX_FAILURES,
    isOver: () => deps.now() - beganAtMs > RUN_MS,
    visit: (followUp) => visitShipment(deps, followUp),
  });
  if (run.visited > 0 || run.more) deps.log.info('shipping-sweep.finished', { ...run, ms: deps.now() - beganAtMs });
  if (run.more) countMetric('UnfinishedSweeps', {});
  return run;
}

async function visitShipment(deps: FollowDeps, followUp: FollowUp): Promise<Outcome> {
  try {
    return (await followShipment(deps, followUp)) ? 'done' : 'skipped';
  } catch (error) {
    deps.log.warn('shipment.follow-up-failed', { no: followUp.no, error });
    if (isAppError(error, 'RATE_LIMITED')) return 'stop';
    return concernsOneOrder(error) ? 'declined' : 'failed';
  }
}
