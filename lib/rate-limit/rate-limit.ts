import { AppError, type ErrorCode } from '../core/errors.ts';
import { counters, type Batches, type Counter, type Counters, type LimitDeps } from './counters.ts';
import { networksOf, type Network } from './networks.ts';

/**
 * Limits of one window, in requests of one address. Successes and failures count apart. A failure is an error that the
 * client caused.
 */
export interface AddressLimits {
  windowS: number;
  successes: number;
  /** Absent: failures do not count in this window. */
  failures?: number;
  /** Absent: WeChat has no quota for the app that anonymous clients can spend in this window. */
  quota?: Quota;
}

/**
 * A quota of WeChat for the whole app, which successes spend. While three quarters of it are spent, an address has only
 * the scarce successes. They have a short window of their own, so that earlier successes close no address until the
 * quota begins again.
 */
interface Quota {
  calls: number;
  scarce: { windowS: number; successes: number };
}

/** The number of requests of one account in a window, whatever their outcome. */
export interface AccountLimits {
  windowS: number;
  requests: number;
  /** How many requests of an account make an instance flush for the first time in a window. */
  first: number;
}

/**
 * Runs the work of one request of an address, and counts its outcome.
 * @throws RATE_LIMITED without running the work; `retryAfterSeconds` is the end of the longest exhausted window
 * @throws the errors of the work
 */
export type LimitAddress = <Answer>(address: string, work: () => Promise<Answer>) => Promise<Answer>;

/**
 * Counts one request of an account.
 * @throws RATE_LIMITED with the seconds until the end of the window
 */
export type LimitAccount = (accountId: string) => Promise<void>;

/** A counter of one network, with its limit. */
interface Rule {
  counter: Counter;
  limit: number;
}

/** An instance flushes a count each time its unflushed part reaches one eighth of the limit. */
const BATCHES_PER_LIMIT = 8;
/** Unflushed counts are lost with the instance, so the batch size is capped. */
const MAX_BATCH = 100;
/** On routes with a quota. Small, because hundreds of instances may each hide a batch of one address. */
const MAX_BATCH_BEFORE_QUOTA = 2;
/** All instances must see when a quota becomes scarce. A thousand of them hide at most a fifth of the quota. */
const BATCHES_PER_QUOTA = 5_000;
/** The part of a quota from which on it is scarce. */
const SCARCE_FROM = 0.75;
/** Errors that the client did not cause. RATE_LIMITED comes from WeChat or from another limit of the route. */
const NOT_BY_CLIENT = new Set<ErrorCode>([
  'RATE_LIMITED',
  'INTERNAL',
  'WECHAT_UNAVAILABLE',
  'WECHAT_TIMEOUT',
  'WECHAT_CONFIG',
  'NOT_CONFIGURED',
]);

/**
 * Creates the limit of a route by the address of the client. The limit protects WeChat's quotas and the table. It is no
 * access control, because counts of several instances can exceed it by one batch each.
 *
 * Normal clients cause almost no writes. While a quota is scarce, each request of an address costs a write before its
 * work. Otherwise each instance would accept the address again. A request that fails gives its scarce success back.
 */
export function addressLimit(deps: LimitDeps, route: string, limits: AddressLimits[]): LimitAddress {
  // Two sets, so that many addresses cannot evict the counts of the quotas.
  const [ofAddresses, ofQuotas] = [counters(deps), counters(deps)];
  const quotas = limits.flatMap(({ windowS, quota }) =>
    quota ? { ...quota, counter: { name: `${route}#quota#${windowS}`, windowS } } : [],
  );
  const maxBatch = quotas.length > 0 ? MAX_BATCH_BEFORE_QUOTA : MAX_BATCH;

  return async (address, work) => {
    const networks = networksOf(address);
    const successes = limits.flatMap(({ windowS, successes: limit }) =>
      rules(networks, 'successes', { windowS, limit }),
    );
    const failures = limits.flatMap(({ windowS, failures: limit }) =>
      limit === undefined ? [] : rules(networks, 'failures', { windowS, limit }),
    );
    const scarce = await scarceRules(networks);
    assertBelow(deps, ofAddresses, [...successes, ...failures, ...scarce]);
    let answer;
    try {
      await reserve(scarce);
      answer = await work();
    } catch (error) {
      await Promise.all(scarce.map(({ counter }) => ofAddresses.add(counter, batchesOf(1), -1)));
      if (isByClient(error)) await count(failures, MAX_BATCH);
      throw error;
    }
    await Promise.all([count(successes, maxBatch), spendQuotas()]);
    return answer;
  };

  function rules(networks: Network[], kind: string, { windowS, limit }: { windowS: number; limit: number }): Rule[] {
    return networks.map(({ name, factor }) => ({
      counter: { name: `${route}#${kind}#${windowS}#${name}`, windowS },
      limit: limit * factor,
    }));
  }

  async function scarceRules(networks: Network[]): Promise<Rule[]> {
    const ofScarce = quotas.map(async ({ counter, calls, scarce: { windowS, successes: limit } }) =>
      (await ofQuotas.load(counter)) < calls * SCARCE_FROM ? [] : rules(networks, 'scarce', { windowS, limit }),
    );
    return (await Promise.all(ofScarce)).flat();
  }

  async function count(counted: Rule[], max: number): Promise<void> {
    await Promise.all(counted.map(({ counter, limit }) => ofAddresses.add(counter, batchesOf(batchOf(limit, max)))));
  }

  /** Counts before the work and in the table, so that all instances together keep to the limit. @throws RATE_LIMITED */
  async function reserve(scarce: Rule[]): Promise<void> {
    const sums = await Promise.all(scarce.map(({ counter }) => ofAddresses.add(counter, batchesOf(1))));
    rejectExhausted(
      deps,
      ofAddresses,
      scarce.filter(({ limit }, at) => sums[at]! > limit),
    );
  }

  async function spendQuotas(): Promise<void> {
    await Promise.all(
      quotas.map(({ counter, calls }) => ofQuotas.add(counter, batchesOf(Math.ceil(calls / BATCHES_PER_QUOTA)))),
    );
  }
}

/**
 * Creates the limit of a route by the id of a verified account. A request counts before its work. An instance flushes
 * the first or second request of an account at once, because a script spreads its requests over many instances. So N
 * instances together exceed the limit by at most N batches of an eighth of the limit.
 */
export function accountLimit(
  deps: LimitDeps,
  route: string,
  { windowS, requests, first }: AccountLimits,
): LimitAccount {
  const ofAccounts = counters(deps);
  const batches = { first, later: batchOf(requests, MAX_BATCH) };
  return async (accountId) => {
    const rule = { counter: { name: `${route}#account#${windowS}#${accountId}`, windowS }, limit: requests };
    assertBelow(deps, ofAccounts, [rule]);
    // The flush may return requests that other instances counted.
    if ((await ofAccounts.add(rule.counter, batches)) > requests) rejectExhausted(deps, ofAccounts, [rule]);
  };
}

/** Rejects a request whose counts have reached a limit. Rejected requests are not counted. @throws RATE_LIMITED */
function assertBelow(deps: LimitDeps, counts: Counters, rules: Rule[]): void {
  rejectExhausted(
    deps,
    counts,
    rules.filter(({ counter, limit }) => counts.read(counter) >= limit),
  );
}

/** Rejects a request that must wait for the last of these windows to end. @throws RATE_LIMITED if there is one */
function rejectExhausted({ now }: LimitDeps, counts: Counters, exhausted: Rule[]): void {
  if (exhausted.length === 0) return;
  const endS = Math.max(...exhausted.map(({ counter }) => counts.endOf(counter)));
  const retryAfterSeconds = Math.ceil(endS - now() / 1_000);
  throw new AppError('RATE_LIMITED', 'Too many requests; retry later', { retryAfterSeconds });
}

function batchOf(limit: number, max: number): number {
  return Math.min(Math.ceil(limit / BATCHES_PER_LIMIT), max);
}

function batchesOf(batch: number): Batches {
  return { first: batch, later: batch };
}

function isByClient(error: unknown): boolean {
  return error instanceof AppError && !NOT_BY_CLIENT.has(error.code);
}
