import type { Pattern } from './stream-filter.ts';

/** A function that gets the records of the table, and how. */
export interface StreamConsumer {
  functionName: string;
  timeoutSeconds: number;
  startingPosition: 'LATEST' | 'TRIM_HORIZON';
  batchSize: number;
  retries: number;
  bisects: boolean;
  /** The function names the records that failed; otherwise its result says nothing. */
  reportsFailures: boolean;
  filterPatterns: Pattern[];
}

export interface FunctionWithEvents {
  timeout?: number;
  events?: Record<string, unknown>[];
}

/** The keys of a `stream` event that mean something here; the others (`arn`, `destinations`, …) are for AWS alone. */
interface StreamEvent {
  type?: string;
  enabled?: boolean;
  startingPosition?: 'LATEST' | 'TRIM_HORIZON';
  batchSize?: number;
  maximumRetryAttempts?: number;
  bisectBatchOnFunctionError?: boolean;
  functionResponseType?: string;
  filterPatterns?: Pattern[];
}

export const LAMBDA_TIMEOUT_SECONDS = 6;
/** AWS tries for a day. Nobody waits that long at a laptop. */
const RETRIES = 5;

/** Every `stream` event of type `dynamodb`. There is one table, so its `arn` need not be known. */
export function readStreamConsumers(
  functions: Record<string, FunctionWithEvents>,
  provider: { timeout?: number },
): StreamConsumer[] {
  return Object.entries(functions).flatMap(([functionName, { timeout, events = [] }]) =>
    events
      .map(({ stream }) => stream as StreamEvent | undefined)
      .filter((stream) => stream?.type === 'dynamodb' && stream.enabled !== false)
      .map((stream) => ({
        functionName,
        timeoutSeconds: timeout ?? provider.timeout ?? LAMBDA_TIMEOUT_SECONDS,
        startingPosition: stream?.startingPosition ?? 'TRIM_HORIZON',
        batchSize: stream?.batchSize ?? 10,
        retries: toRetries(stream?.maximumRetryAttempts),
        bisects: stream?.bisectBatchOnFunctionError ?? false,
        reportsFailures: stream?.functionResponseType === 'ReportBatchItemFailures',
        filterPatterns: stream?.filterPatterns ?? [],
      })),
  );
}

function toRetries(maximum = -1): number {
  return maximum < 0 ? RETRIES : maximum;
}
