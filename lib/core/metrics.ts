import { Console } from 'node:console';
import { settings } from './config.ts';
import { runtime } from './runtime.ts';

/** The metrics of the service, and the values of each dimension. CloudWatch bills each combination of values. */
interface Metrics {
  /** Authentic pushes of the platform whose content cannot be read. */
  UnreadablePushes: { App: PushApp };
  /** Pushes of the platform with an unknown type. */
  UnknownPushes: { App: PushApp };
  /** Pushes of virtual payment, which no flow handles. */
  UnhandledPushes: { App: 'mini-program' };
  /** Automatic replies whose call to WeChat has no clear response. They are not repeated. */
  UnconfirmedReplies: { App: 'mini-program' };
  /** Authentic payment notifications that our keys or readers cannot open. One alarm watches them all. */
  UnreadableNotifications: Record<never, string>;
  /** Contents of users that are shown although WeChat did not pass them. */
  UncheckedContents: { Reason: 'no-openid' | 'review' | 'expired' };
  /** Orders that are still not shipped 40 hours after their payment. Each is counted once a day. */
  UnshippedOrders: Record<never, string>;
  /** Notices of WeChat that it limits the payments of the mini-program. */
  LimitedPayments: Record<never, string>;
  /** Complaints that wait for an answer of the merchant for more than 12 hours. Each is counted once an hour. */
  UnansweredComplaints: Record<never, string>;
  /** Runs of pay-sweep or shipping-sweep that ended although follow-ups were still due. */
  UnfinishedSweeps: Record<never, string>;
}

/** The app that received a push, as in events and the API. */
export type PushApp = 'official-account' | 'mini-program';

/** With the JSON log format, Lambda nests the output of the global console, where CloudWatch finds no metric. */
const output = new Console({ stdout: process.stdout, stderr: process.stderr });

/**
 * Counts one occurrence. Writes a line in the embedded metric format, from which CloudWatch derives the metric in the
 * namespace TABLE_NAME.
 * @throws NOT_CONFIGURED without TABLE_NAME
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function countMetric<Name extends keyof Metrics>(name: Name, dimensions: Metrics[Name]): void {
  const { TABLE_NAME: Namespace } = settings('TABLE_NAME');
  const metric = { Namespace, Dimensions: [Object.keys(dimensions)], Metrics: [{ Name: name, Unit: 'Count' }] };
  const header = { Timestamp: runtime.now(), CloudWatchMetrics: [metric] };
  output.log(JSON.stringify({ _aws: header, ...dimensions, [name]: 1 }));
}
