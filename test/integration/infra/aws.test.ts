// The local event bus and the local buckets, called by the clients of the SDK and by the code of the functions.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import {
  DeleteObjectCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventRule } from '../../../infra/service/event-rules.ts';
import { parameterStore } from '../../../infra/local/aws/parameters.ts';
import { startAws, type Aws } from '../../../infra/local/aws/server.ts';
import { clientSettings, LOCAL_AWS } from '../../../infra/service/table.ts';
import { openBus } from '../../../lib/events/bus.ts';
import { recordingLambda } from '../../support/lambda-api.ts';
import { findFreePorts } from '../../support/ports.ts';

let lambda: Awaited<ReturnType<typeof recordingLambda>>;
let aws: Aws;
let folder: string;
let endpoint: string;
const rules: EventRule[] = [
  { functionName: 'wallet', timeoutSeconds: 15, pattern: { source: ['shop'], 'detail-type': ['order.paid'] } },
];

beforeEach(async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  lambda = await recordingLambda();
  folder = await mkdtemp(join(tmpdir(), 'aws-'));
  const [port] = (await findFreePorts(1)) as [number];
  endpoint = `http://127.0.0.1:${port}`;
  aws = await startAws({
    port,
    busName: 'local',
    bucketsFolder: join(folder, 'buckets'),
    parameters: parameterStore(),
    stack: { variables: { SITE_NAME: 'here' }, outputs: { HttpApiUrl: 'http://localhost:3000' } },
    lambdaPort: lambda.port,
    service: { eventRules: rules, deployedName: lambda.deployedName },
  });
});
afterEach(async () => {
  await aws.stop();
  lambda.close();
  await rm(folder, { recursive: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('local event bus', () => {
  const ENTRY: PutEventsRequestEntry = {
    EventBusName: 'local',
    Source: 'shop',
    DetailType: 'order.paid',
    Detail: '{"id":"1","data":{"amountFen":500}}',
    Time: new Date('2026-11-20T03:12:45.678Z'),
  };
  const put = async (...entries: object[]) => {
    const client = new EventBridgeClient({ ...clientSettings(endpoint), maxAttempts: 1 });
    const Entries = entries.map((change) => ({ ...ENTRY, ...change }));
    return client.send(new PutEventsCommand({ Entries })).finally(() => client.destroy());
  };
  const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 20 });

  it('delivers an event in the format of EventBridge', async () => {
    const { FailedEntryCount, Entries } = await put({ Resources: ['arn:x'] });
    expect(FailedEntryCount).toBe(0);
    await until(() => expect(lambda.calls).toHaveLength(1));
    expect(lambda.calls[0]).toMatchObject({ functionName: 'wallet' });
    expect(lambda.calls[0]!.event).toEqual({
      version: '0',
      id: Entries?.[0]?.EventId,
      'detail-type': 'order.paid',
      source: 'shop',
      account: '000000000000',
      time: '2026-11-20T03:12:45Z',
      region: 'ap-southeast-1',
      resources: ['arn:x'],
      detail: { id: '1', data: { amountFen: 500 } },
    });
  });

  it('does not deliver an event that matches no rule', async () => {
    await put({ DetailType: 'order.closed' }, { Source: 'others' }, {});
    await until(() => expect(lambda.calls).toHaveLength(1));
    expect(lambda.calls[0]!.event).toMatchObject({ 'detail-type': 'order.paid', source: 'shop' });
  });

  it('retries an event when the function throws', async () => {
    lambda.answerWith(() =>
      lambda.calls.length < 3 ? { body: { errorMessage: 'not now' }, failed: true } : { body: null },
    );
    await put({});
    await until(() => expect(lambda.calls).toHaveLength(3));
    expect(new Set(lambda.calls.map(({ event }) => (event as { id: string }).id)).size).toBe(1);
    expect(console.warn).not.toHaveBeenCalled();
  });

  it('reports each invalid entry and delivers the valid entries', async () => {
    const { FailedEntryCount, Entries } = await put(
      { Detail: '{' },
      { Detail: '[]' },
      { Detail: '{"id":"good"}' },
      { EventBusName: 'other' },
      { EventBusName: undefined },
      { Source: undefined },
      { DetailType: '' },
    );
    expect(FailedEntryCount).toBe(6);
    expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
      'MalformedDetail',
      'MalformedDetail',
      undefined,
      'InvalidArgument',
      'InvalidArgument',
      'InvalidArgument',
      'InvalidArgument',
    ]);
    await until(() => expect(lambda.calls).toHaveLength(1));
    expect(lambda.calls[0]!.event).toMatchObject({ detail: { id: 'good' } });
  });

  it('rejects a call with eleven entries, without entries, and with more than 256 KB', async () => {
    const half = { Detail: JSON.stringify({ text: 'x'.repeat(128 * 1024) }) };
    await expect(put(...Array.from({ length: 11 }, () => ({})))).rejects.toThrow('entries');
    await expect(put()).rejects.toThrow('entries');
    await expect(put(half, half)).rejects.toThrow('Total size');
    expect(lambda.calls).toEqual([]);
  });

  it('returns the code of a rejected entry to openBus', async () => {
    for (const [name, value] of Object.entries({ ...LOCAL_AWS, AWS_ENDPOINT_URL_EVENTBRIDGE: endpoint })) {
      vi.stubEnv(name, value);
    }
    const entry = { name: 'order.paid', at: '2026-11-20T03:12:45.000Z', detail: '{"id":"1"}' };
    expect(await openBus('local')([entry, { ...entry, detail: 'x' }])).toEqual([undefined, 'MalformedDetail']);
    await expect(openBus('local')([])).rejects.toThrow('entries');
  });

  it('ends its retries with the stack', async () => {
    lambda.answerWith(() => ({ body: { errorMessage: 'no' }, failed: true }));
    await put({});
    await until(() => expect(lambda.calls.length).toBeGreaterThan(0));
    await aws.stop();
    const { length } = lambda.calls;
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(lambda.calls).toHaveLength(length);
    expect(console.warn).not.toHaveBeenCalled();
  });
});

describe('local bucket', () => {
  const put = async (Bucket: string, Key: string, Body: string | Uint8Array | Readable, ContentLength?: number) => {
    const client = new S3Client({ ...clientSettings(endpoint), maxAttempts: 1 });
    const command = new PutObjectCommand({ Bucket, Key, Body, ContentLength, ContentType: 'application/json' });
    return client.send(command).finally(() => client.destroy());
  };
  const stored = () => readdir(folder, { recursive: true });

  it('stores an object as a file and replaces it', async () => {
    const { ETag } = await put('bills', '2026/2026-11-19 微信.json', '{"lines":0}');
    expect(ETag).toMatch(/^"[0-9a-f]{32}"$/);
    await put('bills', '2026/2026-11-19 微信.json', Uint8Array.from([0, 255, 10]));
    const file = join(folder, 'buckets', 'bills', '2026', '2026-11-19 微信.json');
    expect([...(await readFile(file))]).toEqual([0, 255, 10]);
  });

  it.each([
    '/bills/../../x',
    '/bills/a/../../../x',
    '/bills/%2e%2e/%2e%2e/x',
    '/bills/..%2f..%2fx',
    '/../x/y',
    '/bills/a//b',
  ])('rejects the unsafe path %s', async (path) => {
    // Sent with node:http, because other clients normalise the path.
    const { port } = new URL(endpoint);
    const sent = request({ host: '127.0.0.1', port, method: 'PUT', path }).end('x');
    const [response] = (await once(sent, 'response')) as [{ statusCode: number; resume(): void }];
    response.resume();
    expect(response.statusCode).toBe(400);
    expect(await stored()).toEqual([]);
  });

  it('rejects a stream, whose chunk frames would end up in the file', async () => {
    await expect(put('bills', 'x', Readable.from(['{}']), 2)).rejects.toThrow('a body of a known length');
    expect(await stored()).toEqual([]);
  });

  it('returns an object with its type, and drops its tags and the object', async () => {
    const client = new S3Client({ ...clientSettings(endpoint), maxAttempts: 1 });
    const object = { Bucket: 'files', Key: 'a/b.png' };
    const tags = async () => (await client.send(new GetObjectTaggingCommand(object))).TagSet;
    const picture = { ...object, Body: '\0x', ContentType: 'image/png', Tagging: 'state=unused' };
    await client.send(new PutObjectCommand(picture));
    const { Body, ContentType } = await client.send(new GetObjectCommand(object));
    expect([await Body!.transformToString(), ContentType]).toEqual(['\0x', 'image/png']);
    expect(await tags()).toEqual([{ Key: 'state', Value: 'unused' }]);
    await client.send(new DeleteObjectTaggingCommand(object));
    expect(await tags()).toEqual([]);
    await client.send(new DeleteObjectCommand(object));
    await client.send(new DeleteObjectCommand(object));
    for (const command of [new GetObjectCommand(object), new DeleteObjectTaggingCommand(object)]) {
      await expect(client.send(command as GetObjectCommand)).rejects.toMatchObject({ name: 'NoSuchKey' });
    }
    client.destroy();
  });

  it('answers 501 to every other call of AWS', async () => {
    expect((await fetch(`${endpoint}/bills/x`, { method: 'PUT', body: '' })).status).toBe(200);
    expect((await fetch(`${endpoint}/bills/x?tagging`, { method: 'PUT', body: '' })).status).toBe(501);
    expect((await fetch(endpoint, { method: 'POST', body: '{}' })).status).toBe(501);
  });
});

it('startAws rejects a rule that only AWS supports', async () => {
  const eventRules = [{ ...rules[0]!, pattern: { detail: { n: [{ numeric: ['>', 1] }] } } }];
  const nothing = { parameters: parameterStore(), stack: { variables: {}, outputs: {} } };
  const options = { port: 0, busName: 'local', bucketsFolder: folder, lambdaPort: lambda.port, ...nothing };
  await expect(startAws({ ...options, service: { eventRules, deployedName: lambda.deployedName } })).rejects.toThrow(
    'numeric',
  );
});
