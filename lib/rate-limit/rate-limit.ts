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
 * A quota of WeChat for the whole app, which successes spend. Once half of the quota is spent, an address has only
 * `scarce` successes in the window. The rest is left for other addresses.
 */
interface Quota {
  calls: number;
  scarce: number;
}

/** The number of requests of one account in a window, whatever their outcome. */
export interface AccountLimits {
  windowS: number;
  requests: number;
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
  /** The limit is that of a scarce quota. */
  isScarce: boolean;
}

/** An instance flushes a count each time its unflushed part reaches one eighth of the limit. */
const BATCHES_PER_LIMIT = 8;
/** Unflushed counts are lost with the instance, so the batch size is capped. */
const MAX_BATCH = 100;
/** Small, because all instances must see when a quota becomes scarce. */
const QUOTA_BATCHES: Batches = { first: 1, later: 20 };
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
 * work. Otherwise each instance would accept the address again.
 */
export function addressLimit(deps: LimitDeps, route: string, limits: AddressLimits[]): LimitAddress {
  // Two sets, so that many addresses cannot evict the counts of the quotas.
  const [ofAddresses, ofQuotas] = [counters(deps), counters(deps)];

  return async (address, work) => {
    const networks = networksOf(address);
    const [successes, failures] = [await successRules(networks), failureRules(networks)];
    assertBelow(deps, ofAddresses, [...successes, ...failures]);
    await reserve(successes.filter(({ isScarce }) => isScarce));
    let answer;
    try {
      answer = await work();
    } catch (error) {
      if (isByClient(error)) await count(failures);
      throw error;
    }
    await Promise.all([count(successes.filter(({ isScarce }) => !isScarce)), spendQuotas()]);
    return answer;
  };

  async function successRules(networks: Network[]): Promise<Rule[]> {
    const rules = limits.map(async ({ windowS, successes, quota }) => {
      const isScarce = quota !== undefined && (await ofQuotas.load(quotaCounter(windowS))) >= quota.calls / 2;
      const limit = isScarce ? quota.scarce : successes;
      return networks.map((network) => ({ ...rule('successes', { windowS, network, limit }), isScarce }));
    });
    return (await Promise.all(rules)).flat();
  }

  function failureRules(networks: Network[]): Rule[] {
    return limits.flatMap(({ windowS, failures: limit }) => {
      if (limit === undefined) return [];
      return networks.map((network) => ({ ...rule('failures', { windowS, network, limit }), isScarce: false }));
    });
  }

  function rule(outcome: string, { windowS, network, limit }: { windowS: number; network: Network; limit: number }) {
    const counter = { name: `${route}#${outcome}#${windowS}#${network.name}`, windowS };
    return { counter, limit: limit * network.factor };
  }

  function quotaCounter(windowS: number): Counter {
    return { name: `${route}#quota#${windowS}`, windowS };
  }

  async function count(rules: Rule[]): Promise<void> {
    await Promise.all(
      rules.map(({ counter, limit }) => ofAddresses.add(counter, { first: batchOf(limit), later: batchOf(limit) })),
    );
  }

  /** Counts before the work and in the table, so that all instances together keep to the limit. @throws RATE_LIMITED */
  async function reserve(rules: Rule[]): Promise<void> {
    const sums = await Promise.all(rules.map(({ counter }) => ofAddresses.add(counter, { first: 1, later: 1 })));
    const exceeded = rules.filter(({ limit }, at) => sums[at]! > limit);
    if (exceeded.length > 0)
      throw limited(
        deps,
        exceeded.map(({ counter }) => ofAddresses.endOf(counter)),
      );
  }

  async function spendQuotas(): Promise<void> {
    const spent = limits.filter(({ quota }) => quota !== undefined);
    await Promise.all(spent.map(({ windowS }) => ofQuotas.add(quotaCounter(windowS), QUOTA_BATCHES)));
  }
}

/**
 * Creates the limit of a route by the id of a verified account. A request counts before its work. An instance flushes
 * its second request of an account at once, because a script spreads its requests over many instances. So N instances
 * together exceed the limit by at most N batches of an eighth of the limit.
 */
export function accountLimit(deps: LimitDeps, route: string, { windowS, requests }: AccountLimits): LimitAccount {
  const ofAccounts = counters(deps);
  const batches = { first: 2, later: batchOf(requests) };
  return async (accountId) => {
    const counter = { name: `${route}#account#${windowS}#${accountId}`, windowS };
    assertBelow(deps, ofAccounts, [{ counter, limit: requests }]);
    // The flush may return requests that other instances counted.
    if ((await ofAccounts.add(counter, batches)) > requests) throw limited(deps, [ofAccounts.endOf(counter)]);
  };
}

/** Rejects a request whose counts have reached a limit. Rejected requests are not counted. @throws RATE_LIMITED */
function assertBelow(deps: LimitDeps, counts: Counters, rules: Pick<Rule, 'counter' | 'limit'>[]): void {
  const exhausted = rules.filter(({ counter, limit }) => counts.read(counter) >= limit);
  if (exhausted.length > 0)
    throw limited(
      deps,
      exhausted.map(({ counter }) => counts.endOf(counter)),
    );
}

/** Returns the error of a request that must wait for the last of these windows to end. */
function limited({ now }: LimitDeps, endsS: number[]): AppError {
  const retryAfterSeconds = Math.ceil(Math.max(...endsS) - now() / 1_000);
  return new AppError('RATE_LIMITED', 'Too many requests; retry later', { retryAfterSeconds });
}

function batchOf(limit: number): number {
  return Math.min(Math.ceil(limit / BATCHES_PER_LIMIT), MAX_BATCH);
}

function isByClient(error: unknown): boolean {
  return error instanceof AppError && !NOT_BY_CLIENT.has(error.code);
}
