// What a million of something costs: the measured units at list prices, beside a server that is always on.
import type { CapacityRow } from './capacity.ts';
import type { FlowName } from './budgets.ts';
import { formatTable } from './format-table.ts';

/** US dollars, us-east-1, arm64, on demand, without free tiers, November 2026. */
const PRICE = {
  lambdaGbS: 0.000_013_333_4,
  lambdaRequest: 0.2e-6,
  httpApiRequest: 1e-6,
  rru: 0.125e-6,
  wru: 0.625e-6,
  event: 1e-6,
  logGb: 0.5,
  alarmMonth: 0.1,
};

/** What was not measured on Lambda, and is estimated high: time, memory, lines in the logs. */
const ESTIMATE = { ownMs: 60, wechatMs: 150, memoryGb: 0.5, apiLogKb: 1.2, otherLogKb: 0.8 };

/** HTTP API, function URL, or something inside of AWS. */
type Door = 'api' | 'url' | 'inside';

interface Step {
  flow?: FlowName;
  door: Door;
  times: number;
  /** Events that are put onto the bus. */
  events?: number;
}

/** What happens for one of them. The stream hands over several changes at once; the worst case is one each. */
const USE_CASES: Record<string, Step[]> = {
  login: [{ flow: 'login, known user', door: 'api', times: 1 }],
  'first login': [
    { flow: 'login, new user', door: 'api', times: 1 },
    { door: 'inside', times: 1, events: 1 },
  ],
  'scan login, 30 polls': [
    { flow: 'QR code', door: 'api', times: 1 },
    { flow: 'poll, pending', door: 'api', times: 30 },
    { flow: 'scan push', door: 'url', times: 1 },
    { flow: 'poll, collected, known user', door: 'api', times: 1 },
  ],
  payment: [
    { flow: 'prepay', door: 'api', times: 1 },
    { flow: 'pay notification, first', door: 'url', times: 1 },
    { flow: 'paid order, one look', door: 'api', times: 1 },
    { door: 'inside', times: 1, events: 1 },
  ],
};

/** US dollars for a month of a server that is always on, at list prices: what keeps it up when one machine fails. */
const SERVER = [
  ['2 x t4g.small', 2 * 0.0168 * 730],
  ['load balancer with one capacity unit', (0.0225 + 0.008) * 730],
  ['2 x cache.t4g.micro (Redis)', 2 * 0.016 * 730],
] as const;

/** US dollars for a month in which nobody comes: two runs each minute, what they ask the table, ten alarms. */
const IDLE_MONTH =
  2 * 43_200 * (PRICE.lambdaRequest + 0.1 * ESTIMATE.memoryGb * PRICE.lambdaGbS + 5 * PRICE.rru) +
  10 * PRICE.alarmMonth;

/** US dollars for a million of each use case, by what they are for. */
function costsOf(rows: Pick<CapacityRow, 'flow' | 'measured'>[]) {
  const units = new Map(rows.map(({ flow, measured }) => [flow, measured]));
  return Object.entries(USE_CASES).map(([name, steps]) => {
    const cost = { lambda: 0, gateway: 0, table: 0, events: 0, logs: 0 };
    for (const { flow, door, times, events = 0 } of steps) {
      const { rru, wru, calls } = (flow && units.get(flow)) ?? { rru: 0, wru: 0, calls: 0 };
      const seconds = (ESTIMATE.ownMs + calls * ESTIMATE.wechatMs) / 1_000;
      cost.lambda += times * (PRICE.lambdaRequest + seconds * ESTIMATE.memoryGb * PRICE.lambdaGbS);
      cost.gateway += door === 'api' ? times * PRICE.httpApiRequest : 0;
      cost.table += times * (rru * PRICE.rru + wru * PRICE.wru);
      cost.events += times * events * PRICE.event;
      cost.logs += (times * (door === 'api' ? ESTIMATE.apiLogKb : ESTIMATE.otherLogKb) * PRICE.logGb) / 1_000_000;
    }
    return { name, ...cost, total: Object.values(cost).reduce((sum, part) => sum + part, 0) };
  });
}

/** The table as people read it: dollars for a million, and how many a day cost as much as the server. */
export function formatCosts(rows: Pick<CapacityRow, 'flow' | 'measured'>[]): string {
  const server = SERVER.reduce((sum, [, dollars]) => sum + dollars, 0);
  const million = (dollars: number) => (dollars * 1_000_000).toFixed(2);
  const lines = costsOf(rows).map(({ name, total, ...parts }) => [
    name,
    ...Object.values(parts).map(million),
    million(total),
    Math.round((server - IDLE_MONTH) / total / 30 / 1_000).toLocaleString('en') + ' 000',
  ]);
  const head = [
    'a million',
    'Lambda',
    'HTTP API',
    'table',
    'events',
    'logs',
    'US dollars',
    'as dear as the server at, a day',
  ];
  const parts = SERVER.map(([name, dollars]) => `${name} ${dollars.toFixed(2)}`).join(', ');
  return `${formatTable(head, lines)}
A month in which nobody comes: ${IDLE_MONTH.toFixed(2)}. A server that is always on: ${server.toFixed(2)} a month (${parts}), without a database.`;
}
