// A stage in AWS with dead letters: a server that answers in the place of CloudFormation, Lambda, SQS and DynamoDB Streams.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { stackAnswer } from './stack-answer.ts';

interface Message {
  MessageId: string;
  Body: string;
  MessageAttributes?: Record<string, { DataType: 'String'; StringValue: string }>;
  hidden?: boolean;
}

interface StreamRecord {
  eventName: string;
  dynamodb: {
    SequenceNumber: string;
    ApproximateCreationDateTime: number;
    Keys?: object;
    OldImage?: object;
    NewImage?: object;
  };
}

interface Invocation {
  functionName: string;
  event: unknown;
}

interface Answer {
  status?: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** Starts the server; a test may change the stage. */
export async function startDeadLetters() {
  const stage = {
    queues: { stream: [] as Message[], consumer: [] as Message[] },
    /** The pages of GetRecords; null when the records are no longer in the stream. */
    pages: [] as StreamRecord[][] | null,
    invocations: [] as Invocation[],
    /** The response of a function. */
    reply: (_invocation: Invocation): Answer => ({ body: { batchItemFailures: [] } }),
  };
  const server = createServer(async (request, response) => {
    const { status = 200, body, headers } = answerOf(request, await text(request));
    response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function answerOf({ url: path = '', headers }: IncomingMessage, body: string): Answer {
    const invoked = /\/functions\/wechat-lambda-dev-([\w-]+)\/invocations$/.exec(path)?.[1];
    if (invoked) {
      const invocation = { functionName: invoked, event: JSON.parse(body) as unknown };
      stage.invocations.push(invocation);
      return stage.reply(invocation);
    }
    if (path.endsWith('/configuration')) return { body: { Environment: { Variables: {} } } };
    const [, operation] = String(headers['x-amz-target'] ?? '').split('.');
    if (operation) return OPERATIONS[operation]!(JSON.parse(body) as Record<string, string>);
    const queues = { StreamDeadLettersUrl: `${url}/1/stream`, ConsumerDeadLettersUrl: `${url}/1/consumer` };
    return { body: stackAnswer('DescribeStacks', queues), headers: { 'content-type': 'text/xml' } };
  }

  const queueOf = (input: Record<string, string>) =>
    stage.queues[input.QueueUrl!.split('/').at(-1) as keyof typeof stage.queues];
  const OPERATIONS: Record<string, (input: Record<string, string>) => Answer> = {
    ReceiveMessage: (input) => {
      const message = queueOf(input).find(({ hidden }) => !hidden);
      if (!message) return { body: {} };
      message.hidden = true;
      const MD5OfBody = createHash('md5').update(message.Body).digest('hex');
      return { body: { Messages: [{ ...message, MD5OfBody, ReceiptHandle: message.MessageId }] } };
    },
    DeleteMessage: (input) => {
      const queue = queueOf(input);
      queue.splice(
        queue.findIndex(({ MessageId }) => MessageId === input.ReceiptHandle),
        1,
      );
      return { body: {} };
    },
    ChangeMessageVisibility: (input) => {
      queueOf(input).find(({ MessageId }) => MessageId === input.ReceiptHandle)!.hidden =
        Number(input.VisibilityTimeout) > 0;
      return { body: {} };
    },
    GetShardIterator: () =>
      stage.pages
        ? { body: { ShardIterator: '0' } }
        : {
            status: 400,
            body: { __type: 'com.amazonaws.dynamodb.v20120810#TrimmedDataAccessException', message: 'gone' },
          },
    GetRecords: ({ ShardIterator }) => {
      const Records = stage.pages?.[Number(ShardIterator)] ?? [];
      return { body: { Records, NextShardIterator: String(Number(ShardIterator) + 1) } };
    },
  };

  return {
    stage,
    env: { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' },
    stop: () => void server.close().closeAllConnections(),
  };
}
