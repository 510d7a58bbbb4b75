import type { Message } from '@aws-sdk/client-sqs';
import { CommandError } from '../command.ts';
import type { Target } from '../target.ts';

/** The position in the table's stream of a batch that a function failed to process. */
export interface StreamRange {
  streamArn: string;
  shardId: string;
  startSequenceNumber: string;
  endSequenceNumber: string;
}

/** The input of a failed function: a range of the stream, or one event. */
export type DeadLetter = { functionName: string } & ({ range: StreamRange } | { event: unknown });

export type ReadDeadLetter = (message: Message, target: Pick<Target, 'deployedName'>) => DeadLetter;

interface Body {
  requestContext?: { functionArn?: string };
  DDBStreamBatchInfo?: StreamRange;
  requestPayload?: unknown;
}

/** Reads the message that Lambda sends for a batch of the stream. */
export const readStreamDeadLetter: ReadDeadLetter = (message, target) => {
  const { requestContext, DDBStreamBatchInfo: range } = parseBody(message);
  if (!range) throw new CommandError('is not about a stream: it has no DDBStreamBatchInfo');
  return { functionName: readFunctionName(requestContext?.functionArn, target), range };
};

/** Reads a message of EventBridge, which is the event itself, or of Lambda, which contains the event. */
export const readConsumerDeadLetter: ReadDeadLetter = (message, target) => {
  const body = parseBody(message);
  const isFailure = body.requestPayload !== undefined;
  const arn = isFailure ? body.requestContext?.functionArn : message.MessageAttributes?.['TARGET_ARN']?.StringValue;
  return { functionName: readFunctionName(arn, target), event: isFailure ? body.requestPayload : body };
};

function parseBody({ Body }: Message): Body {
  try {
    return JSON.parse(Body ?? '') as Body;
  } catch {
    throw new CommandError('is not JSON');
  }
}

/** Accepts functions of this stage only: a message must not invoke any other. */
function readFunctionName(arn: string | undefined, { deployedName }: Pick<Target, 'deployedName'>): string {
  const deployed = /:function:([^:]+)/.exec(arn ?? '')?.[1] ?? '';
  const prefix = deployedName('');
  if (deployed.startsWith(prefix)) return deployed.slice(prefix.length);
  throw new CommandError(`is not for a function of this stage, but for ${arn ?? 'none'}`);
}
