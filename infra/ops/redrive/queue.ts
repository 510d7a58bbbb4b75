import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs';
import type { Target } from '../target.ts';

/** So long nobody else gets a message that was read: longer than any function runs. */
const HELD_S = 900;
/** Asks all the machines that the queue is on: without it an answer may be empty although there are messages. */
const WAIT_S = 2;

/** A dead-letter queue, of which each message is seen once. */
export function openQueue({ region }: Pick<Target, 'region'>, QueueUrl: string) {
  const client = new SQSClient({ region });
  const held = new Map<string | undefined, Message>();

  return { messages, remove, release };

  async function* messages(): AsyncGenerator<Message> {
    const request = { QueueUrl, MaxNumberOfMessages: 1, MessageAttributeNames: ['All'] };
    for (;;) {
      const { Messages: [message] = [] } = await client.send(
        new ReceiveMessageCommand({ ...request, VisibilityTimeout: HELD_S, WaitTimeSeconds: WAIT_S }),
      );
      // One that comes a second time was held for too long, and all of them have been seen.
      if (!message || held.has(message.MessageId)) return;
      held.set(message.MessageId, message);
      yield message;
    }
  }

  async function remove({ MessageId, ReceiptHandle }: Message): Promise<void> {
    await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    held.delete(MessageId);
  }

  /** What was not removed can be read again at once. */
  async function release(): Promise<void> {
    for (const { ReceiptHandle } of held.values()) {
      await client.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
    }
    client.destroy();
  }
}
