import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startDeadLetters } from './dead-letters.ts';
import { runOps } from './stage.ts';

const STREAM = 'arn:aws:dynamodb:eu-west-1:123456789012:table/wechat-lambda-dev/stream/2026';
const arnOf = (name: string) => `arn:aws:lambda:eu-west-1:123456789012:function:${name}`;

let aws: Awaited<ReturnType<typeof startDeadLetters>>;
let stage: typeof aws.stage;
beforeAll(async () => {
  aws = await startDeadLetters();
  stage = aws.stage;
});
afterAll(() => aws.stop());
beforeEach(() => {
  Object.assign(stage, { pages: [], invocations: [], queues: { stream: [], consumer: [] } });
  stage.reply = () => ({ body: { batchItemFailures: [] } });
});

const redrive = () => runOps('redrive', ['--stage', 'dev'], aws.env);

/** Queues a dead letter of Lambda about records of the stream. */
const queueStreamDeadLetter = (functionArn: string, [first, last]: [number, number]) => {
  const range = { shardId: 'shardId-1', startSequenceNumber: String(first), endSequenceNumber: String(last) };
  const DDBStreamBatchInfo = { ...range, batchSize: 2, streamArn: STREAM };
  const requestContext = { functionArn, condition: 'RetryAttemptsExhausted' };
  stage.queues.stream.push({ MessageId: `s${first}`, Body: JSON.stringify({ requestContext, DDBStreamBatchInfo }) });
};

const recordOf = (n: number, sk: string, state: string) => ({
  eventName: 'MODIFY',
  dynamodb: {
    SequenceNumber: String(n),
    ApproximateCreationDateTime: 1_795_000_000 + n,
    Keys: { pk: { S: 'ORDERS#1' }, sk: { S: sk } },
    OldImage: { state: { S: 'NOTPAY' } },
    NewImage: { state: { S: state } },
  },
});
const paid = (n: number) => recordOf(n, 'ORDER#1', 'PAID');
const session = (n: number) => recordOf(n, 'SESSION', 'on');

describe('a dead letter about the stream', () => {
  it('is redriven with the records of its range, and removed when they are processed', async () => {
    queueStreamDeadLetter(arnOf('wechat-lambda-dev-events-publish'), [100, 400]);
    stage.pages = [[paid(100), session(200)], [], [session(300)], [paid(400), paid(500)]];
    const { code, stdout } = await redrive();
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/✓ events-publish +processed 2 records of 2026-11-\d\dT/),
    ]);
    expect(stage.invocations).toEqual([
      {
        functionName: 'events-publish',
        event: {
          Records: [100, 400].map((n) => ({ ...paid(n), awsRegion: 'eu-west-1', eventSourceARN: STREAM })),
        },
      },
    ]);
    expect(stage.queues.stream).toEqual([]);
  });

  it('is redriven in batches of the size of the mapping', async () => {
    queueStreamDeadLetter(arnOf('wechat-lambda-dev-identity-sync'), [1, 12]);
    const due = (n: number) => ({
      ...paid(n),
      dynamodb: { ...paid(n).dynamodb, NewImage: { syncRequestedAtMs: { N: '1' } } },
    });
    stage.pages = [Array.from({ length: 12 }, (_, n) => due(n + 1))];
    await expect(redrive()).resolves.toMatchObject({ code: 0 });
    const sizes = stage.invocations.map(({ event }) => (event as { Records: unknown[] }).Records.length);
    expect(sizes).toEqual([10, 2]);
  });

  it.each<[string, () => void, string]>([
    [
      'the function fails a record',
      () => (stage.reply = () => ({ body: { batchItemFailures: [{ itemIdentifier: '100' }] } })),
      'failed records',
    ],
    [
      'the function fails',
      () =>
        (stage.reply = () => ({ body: { errorMessage: 'boom' }, headers: { 'x-amz-function-error': 'Unhandled' } })),
      'failed: boom',
    ],
    ['the records are no longer in the stream', () => (stage.pages = null), 'keeps them for 24 hours'],
    [
      'nothing in the range is for the function',
      () => (stage.pages = [[session(100)]]),
      'no record of 1 passes its filterPatterns',
    ],
    ['the range does not end', () => (stage.pages = [[]]), 'ends at record 100, which the stream does not return'],
  ])('stays when %s, and is visible again at once', async (_when, happens, why) => {
    queueStreamDeadLetter(arnOf('wechat-lambda-dev-events-publish'), [100, 100]);
    stage.pages = [[paid(100)]];
    happens();
    const { code, stdout } = await redrive();
    expect([code, stdout]).toEqual([1, expect.stringMatching(`✗ events-publish +.*${why}`)]);
    expect(stage.queues.stream).toEqual([expect.objectContaining({ MessageId: 's100', hidden: false })]);
  });
});

describe('a dead letter about an event', () => {
  const event = { id: 'e1', 'detail-type': 'order.paid', source: 'wechat-lambda', detail: { id: 'order.paid:1' } };
  const walletCredit = arnOf('wechat-lambda-dev-wallet-credit');

  it('is redriven to its function, whether Lambda or the rule of EventBridge queued it', async () => {
    const failed = { requestContext: { functionArn: `${walletCredit}:$LATEST` }, requestPayload: event };
    const TARGET_ARN = { DataType: 'String' as const, StringValue: walletCredit };
    stage.queues.consumer.push({ MessageId: 'c1', Body: JSON.stringify(failed) });
    stage.queues.consumer.push({ MessageId: 'c2', Body: JSON.stringify(event), MessageAttributes: { TARGET_ARN } });
    stage.reply = () => ({ body: null });
    const { code, stdout } = await redrive();
    expect([code, stdout.match(/✓ wallet-credit +processed order\.paid e1/g)]).toEqual([
      0,
      expect.objectContaining({ length: 2 }),
    ]);
    expect(stage.invocations).toEqual([
      { functionName: 'wallet-credit', event },
      { functionName: 'wallet-credit', event },
    ]);
    expect(stage.queues.consumer).toEqual([]);
  });

  it('stays when it is unreadable or belongs to another stage; the other dead letters are redriven', async () => {
    const deadLetterTo = (functionArn: string) =>
      JSON.stringify({ requestContext: { functionArn }, requestPayload: event });
    const bodies = [
      '{',
      deadLetterTo(arnOf('wechat-lambda-prod-wallet-credit')),
      JSON.stringify(event),
      deadLetterTo(walletCredit),
    ];
    stage.queues.consumer.push(...bodies.map((Body, n) => ({ MessageId: `c${n}`, Body })));
    const { code, stdout } = await redrive();
    expect([code, stdout.match(/✗ unknown function .*/g)]).toEqual([
      1,
      [
        expect.stringContaining('is not JSON'),
        expect.stringContaining(
          'is not for a function of this stage, but for arn:aws:lambda:eu-west-1:123456789012:function:wechat-lambda-prod',
        ),
        expect.stringContaining('is not for a function of this stage, but for none'),
      ],
    ]);
    expect(stage.invocations).toHaveLength(1);
    expect(stage.queues.consumer.map(({ MessageId }) => MessageId)).toEqual(['c0', 'c1', 'c2']);
  });
});

it('requires a stage', async () => {
  await expect(runOps('redrive', [], aws.env)).resolves.toMatchObject({ code: 2 });
});
