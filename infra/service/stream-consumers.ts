import type { Pattern } from './stream-filter.ts';

/** A function that consumes the stream of the table, with its event source mapping. */
export interface StreamConsumer {
  functionName: string;
  timeoutSeconds: number;
  startingPosition: 'LATEST' | 'TRIM_HORIZON';
  batchSize: number;
  retries: number;
  bisects: boolean;
  /** Whether the result of the function lists the failed records. */
  reportsFailures: boolean;
  filterPatterns: Pattern[];
}

export interface FunctionWithEvents {
  timeout?: number;
  events?: Record<string, unknown>[];
}

/** The keys of a `stream` event that matter here; the others (`arn`, `destinations`, …) matter only in AWS. */
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
/** AWS retries for a day. A developer does not wait that long. */
const RETRIES = 5;

/** Reads every `stream` event of type `dynamodb`. There is only one table, so its `arn` does not matter. */
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
        retries: limitRetries(stream?.maximumRetryAttempts),
        bisects: stream?.bisectBatchOnFunctionError ?? false,
        reportsFailures: stream?.functionResponseType === 'ReportBatchItemFailures',
        filterPatterns: stream?.filterPatterns ?? [],
      })),
  );
}

function limitRetries(maximum = -1): number {
  return maximum < 0 ? RETRIES : maximum;
}
