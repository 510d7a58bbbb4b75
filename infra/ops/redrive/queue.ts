import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import type { Target } from '../target.ts';

/** How long a received message is hidden from other readers: longer than any function runs. */
const HIDDEN_S = 900;
/** Long polling queries all servers of the queue: without it a response may be empty although there are messages. */
const WAIT_S = 2;

/** Opens a dead-letter queue and reads each message once. */
export function openQueue({ region }: Pick<Target, 'region'>, QueueUrl: string) {
  const client = new SQSClient({ region });
  const held = new Map<string | undefined, Message>();

  return { messages, remove, release };

  async function* messages(): AsyncGenerator<Message> {
    const request = { QueueUrl, MaxNumberOfMessages: 1, MessageAttributeNames: ['All'] };
    for (;;) {
      const { Messages: [message] = [] } = await client.send(
        new ReceiveMessageCommand({ ...request, VisibilityTimeout: HIDDEN_S, WaitTimeSeconds: WAIT_S }),
      );
      // A message returns when its hiding time has expired. By then all other messages have been read.
      if (!message || held.has(message.MessageId)) return;
      held.set(message.MessageId, message);
      yield message;
    }
  }

  async function remove({ MessageId, ReceiptHandle }: Message): Promise<void> {
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    held.delete(MessageId);
  }

  /** Makes the messages that were not removed visible again. */
  async function release(): Promise<void> {
    for (const { ReceiptHandle } of held.values()) {
      await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
    client.destroy();
  }
}
