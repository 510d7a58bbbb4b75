import type { Message } from '@aws-sdk/client-sqs';
import { Refusal } from '../refusal.ts';
import type { Target } from '../target.ts';

/** Where in the table's stream a batch is that a function could not take. */
export interface StreamRange {
  streamArn: string;
  shardId: string;
  startSequenceNumber: string;
  endSequenceNumber: string;
}

/** What a function is to be told again: a part of the stream, or one event. */
export type Letter = { functionName: string } & ({ range: StreamRange } | { event: unknown });

export type ReadLetter = (message: Message, target: Pick<Target, 'deployedName'>) => Letter;

interface Body {
  requestContext?: { functionArn?: string };
  DDBStreamBatchInfo?: StreamRange;
  requestPayload?: unknown;
}

/** What Lambda writes when it gives up a batch of the stream. */
export const readStreamLetter: ReadLetter = (message, target) => {
  const { requestContext, DDBStreamBatchInfo: range } = bodyOf(message);
  if (!range) throw new Refusal('says nothing of a stream: no DDBStreamBatchInfo');
  return { functionName: nameIn(requestContext?.functionArn, target), range };
};

/** The event itself, when the rule could not deliver it; what Lambda writes about it, when the function failed. */
export const readConsumerLetter: ReadLetter = (message, target) => {
  const body = bodyOf(message);
  const isFailure = body.requestPayload !== undefined;
  const arn = isFailure ? body.requestContext?.functionArn : message.MessageAttributes?.['TARGET_ARN']?.StringValue;
  return { functionName: nameIn(arn, target), event: isFailure ? body.requestPayload : body };
};

function bodyOf({ Body }: Message): Body {
  try {
    return JSON.parse(Body ?? '') as Body;
  } catch {
    throw new Refusal('is not JSON');
  }
}

/** A queue is no reason to call a function of somebody else. */
function nameIn(arn: string | undefined, { deployedName }: Pick<Target, 'deployedName'>): string {
  const deployed = /:function:([^:]+)/.exec(arn ?? '')?.[1] ?? '';
  const prefix = deployedName('');
  if (deployed.startsWith(prefix)) return deployed.slice(prefix.length);
  throw new Refusal(`names no function of this stage, but ${arn ?? 'none'}`);
}
