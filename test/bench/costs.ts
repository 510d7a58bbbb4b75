// The cost of a million uses: the measured units at list prices, compared with a server that is always on.
import { readFileSync } from 'node:fs';
import type { CapacityRow } from './capacity.ts';
import type { FlowName } from './budgets.ts';
import { formatTable } from './format-table.ts';

/** US dollars, us-east-1, arm64, on demand, without free tiers but that of alarms, November 2026. */
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

/** High estimates of figures that were not measured on Lambda: time, memory and log size. */
const ESTIMATE = { ownMs: 60, wechatMs: 150, memoryGb: 0.5, apiLogKb: 1.2, otherLogKb: 0.8 };

/** The entry point of a request: HTTP API, function URL, or an event inside AWS. */
type EntryPoint = 'api' | 'url' | 'inside';

interface Step {
  flow?: FlowName;
  entry: EntryPoint;
  times: number;
  /** Events published on the bus. */
  events?: number;
  /** Time for which the function waits (ms), beyond its own work and its calls to WeChat. */
  waitMs?: number;
  /** Memory of the function, if it is not that of the estimate. */
  memoryGb?: number;
}

/** The steps of one use. The stream delivers changes in batches; the worst case is one change per batch. */
const USE_CASES: Record<string, Step[]> = {
  login: [{ flow: 'login, known user', entry: 'api', times: 1 }],
  'first login': [
    { flow: 'login, new user', entry: 'api', times: 1 },
    { entry: 'inside', times: 1, events: 1 },
  ],
  'scan login, 30 polls': [
    { flow: 'QR code', entry: 'api', times: 1 },
    { flow: 'poll, pending', entry: 'api', times: 30 },
    { flow: 'scan push', entry: 'url', times: 1 },
    // identity-sync checks whether the unionid of the user is known.
    { entry: 'inside', times: 1 },
    { flow: 'tap', entry: 'url', times: 1 },
    { flow: 'poll, collected, known user', entry: 'api', times: 1 },
  ],
  payment: [
    { flow: 'prepay', entry: 'api', times: 1 },
    { flow: 'pay notification, first', entry: 'url', times: 1 },
    { flow: 'paid order, one look', entry: 'api', times: 1 },
    { entry: 'inside', times: 1, events: 1 },
  ],
  // After the payment. Two pushes: shipped, and settled together with received.
  'shipped parcel': [
    { flow: 'shipment of goods', entry: 'inside', times: 1 },
    { flow: 'order-ship, express', entry: 'inside', times: 1, events: 1 },
    { flow: 'settlement push', entry: 'url', times: 2, events: 1 },
    // The changes of a shipment in the stream: the upload, its outcome, and both pushes.
    { entry: 'inside', times: 4 },
  ],
  'virtual order': [
    // The function waits until WeChat has the payment.
    { flow: 'shipment of a virtual order', entry: 'inside', times: 1, events: 1, waitMs: 5_000, memoryGb: 0.25 },
    { flow: 'settlement push', entry: 'url', times: 2, events: 1 },
    { entry: 'inside', times: 4 },
  ],
};

/** US dollars for a month of a server that is always on and survives the failure of one machine, at list prices. */
const SERVER = [
  ['2 x t4g.small', 2 * 0.0168 * 730],
  ['load balancer with one capacity unit', (0.0225 + 0.008) * 730],
  ['2 x cache.t4g.micro (Redis)', 2 * 0.016 * 730],
] as const;

/** Runs each minute without work. A query of an empty partition consumes half a unit. */
const IDLE_RUNS = [
  // pay-sweep: four parts, which query ten partitions each.
  { runs: 4, memoryGb: 1, rru: 5 },
  // token-refresh.
  { runs: 1, memoryGb: 0.25, rru: 1 },
  // shipping-sweep: eight partitions.
  { runs: 1, memoryGb: 0.25, rru: 4 },
  // content-sweep, every five minutes: four partitions.
  { runs: 1 / 5, memoryGb: 0.25, rru: 2 },
  // complaint-sweep, every ten minutes: two partitions.
  { runs: 1 / 10, memoryGb: 0.25, rru: 1 },
];

/** The alarms of the template. CloudWatch charges every account for those beyond the tenth only. */
const ALARMS = ['alarms.yml', 'alarms-urls.yml']
  .map((file) => readFileSync(new URL(`../../infra/${file}`, import.meta.url), 'utf8'))
  .flatMap((text) => text.match(/Type: AWS::CloudWatch::Alarm/g) ?? []).length;
const FREE_ALARMS = 10;

/** US dollars for a month without requests. */
const IDLE_MONTH = {
  runs: IDLE_RUNS.reduce(
    (sum, { runs, memoryGb, rru }) =>
      sum + runs * 43_200 * (PRICE.lambdaRequest + 0.1 * memoryGb * PRICE.lambdaGbS + rru * PRICE.rru),
    0,
  ),
  alarms: (ALARMS - FREE_ALARMS) * PRICE.alarmMonth,
};

/** Returns US dollars for a million of each use case, by kind of cost. */
function costsOf(rows: Pick<CapacityRow, 'flow' | 'measured'>[]) {
  const units = new Map(rows.map(({ flow, measured }) => [flow, measured]));
  return Object.entries(USE_CASES).map(([name, steps]) => {
    const cost = { lambda: 0, gateway: 0, table: 0, events: 0, logs: 0 };
    for (const { flow, entry, times, events = 0, waitMs = 0, memoryGb = ESTIMATE.memoryGb } of steps) {
      const { rru, wru, calls } = (flow && units.get(flow)) ?? { rru: 0, wru: 0, calls: 0 };
      const seconds = (ESTIMATE.ownMs + calls * ESTIMATE.wechatMs + waitMs) / 1_000;
      cost.lambda += times * (PRICE.lambdaRequest + seconds * memoryGb * PRICE.lambdaGbS);
      cost.gateway += entry === 'api' ? times * PRICE.httpApiRequest : 0;
      cost.table += times * (rru * PRICE.rru + wru * PRICE.wru);
      cost.events += times * events * PRICE.event;
      cost.logs += (times * (entry === 'api' ? ESTIMATE.apiLogKb : ESTIMATE.otherLogKb) * PRICE.logGb) / 1_000_000;
    }
    return { name, ...cost, total: Object.values(cost).reduce((sum, part) => sum + part, 0) };
  });
}

/** Formats the table: dollars for a million, and the number a day that costs as much as the server. */
export function formatCosts(rows: Pick<CapacityRow, 'flow' | 'measured'>[]): string {
  const server = SERVER.reduce((sum, [, dollars]) => sum + dollars, 0);
  const idle = IDLE_MONTH.runs + IDLE_MONTH.alarms;
  const million = (dollars: number) => (dollars * 1_000_000).toFixed(2);
  const lines = costsOf(rows).map(({ name, total, ...parts }) => [
    name,
    ...Object.values(parts).map(million),
    million(total),
    Math.round((server - idle) / total / 30 / 1_000).toLocaleString('en') + ' 000',
  ]);
  const head = [
    'a million',
    'Lambda',
    'HTTP API',
    'table',
    'events',
    'logs',
    'US dollars',
    'break-even with the server, a day',
  ];
  const parts = SERVER.map(([name, dollars]) => `${name} ${dollars.toFixed(2)}`).join(', ');
  return `${formatTable(head, lines)}
A month without requests: ${idle.toFixed(2)} (schedules ${IDLE_MONTH.runs.toFixed(2)}, ${ALARMS - FREE_ALARMS} paid alarms ${IDLE_MONTH.alarms.toFixed(2)}). A server that is always on: ${server.toFixed(2)} a month (${parts}), without a database.`;
}
