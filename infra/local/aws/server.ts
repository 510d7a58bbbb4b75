// The AWS stand-ins of the local stack: the parts of EventBridge, S3 and SSM that the service uses.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json, text } from 'node:stream/consumers';
import { invokeFunction } from '../../service/invoke.ts';
import type { Service } from '../../service/service.ts';
import { assertSupported } from '../../service/stream-filter.ts';
import { LOCAL_AWS } from '../../service/table.ts';
import type { ParameterStore } from './parameters.ts';
import { deliverEvent, type EventDeliveryOptions } from './event-delivery.ts';
import { putEvents, type BusEvent } from './put-events.ts';
import { callObject, s3Error, type ObjectAnswer } from './objects.ts';
import type { EventRule } from '../../service/event-rules.ts';

/** Margin behind the timeout of a function, which serverless-offline enforces: a reload may drop the response. */
const RESPONSE_MARGIN_MS = 5_000;

export interface AwsOptions {
  port: number;
  /** The one event bus. */
  busName: string;
  /** The folder of the buckets, each of which is a folder. */
  bucketsFolder: string;
  parameters: ParameterStore;
  /** The variables and outputs that a stack in AWS has: for the commands of infra/ops. */
  stack: { variables: Record<string, string>; outputs: Record<string, string> };
  lambdaPort: number;
  service: Pick<Service, 'eventRules' | 'deployedName'>;
}

export interface Aws {
  stop(): Promise<void>;
}

/** Serves PutEvents, objects of S3 and parameters. Events go to the functions with a matching `eventBridge` event. */
export async function startAws(options: AwsOptions): Promise<Aws> {
  for (const { pattern } of options.service.eventRules) assertSupported(pattern);
  const stopping = new AbortController();
  const delivery = deliveryOptions(options, stopping.signal);
  const server = createServer((request, response) => void serve(request, response, options, delivery));
  await once(server.listen(options.port, '127.0.0.1'), 'listening');
  return {
    stop: async () => {
      stopping.abort();
      server.close();
      server.closeAllConnections();
    },
  };
}

function deliveryOptions({ lambdaPort, service }: AwsOptions, signal: AbortSignal): EventDeliveryOptions {
  const invoke = ({ functionName, timeoutSeconds }: EventRule, event: BusEvent) => {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1_000 + RESPONSE_MARGIN_MS);
    return invokeFunction(lambdaPort, service.deployedName(functionName), event, AbortSignal.any([signal, timeout]));
  };
  return { rules: service.eventRules, invoke, warn: console.warn, signal };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: AwsOptions,
  delivery: EventDeliveryOptions,
): Promise<void> {
  const { status, headers, body } = await answer(request, options, delivery).catch((error: unknown) =>
    s3Error(500, 'InternalError', String(error)),
  );
  response.writeHead(status, { 'x-amzn-requestid': randomUUID(), ...headers }).end(body);
}

async function answer(
  request: IncomingMessage,
  { busName, bucketsFolder, parameters, stack }: AwsOptions,
  delivery: EventDeliveryOptions,
): Promise<ObjectAnswer> {
  if (request.url === '/_stack') return jsonAnswer(200, stack);
  const object = await callObject(request, bucketsFolder);
  if (object) return object;
  const [service, operation = ''] = String(request.headers['x-amz-target']).split('.');
  if (service === 'AWSEvents' && operation === 'PutEvents') {
    const region = process.env.AWS_REGION ?? LOCAL_AWS.AWS_REGION;
    const { status, answer: results, events } = putEvents(await text(request), { busName, region });
    // As on AWS, the response does not wait for the consumers.
    for (const event of events) void deliverEvent(event, delivery);
    return jsonAnswer(status, results);
  }
  const called = service === 'AmazonSSM' && parameters.call(operation, (await json(request)) as object);
  if (called) return jsonAnswer(called.status, called.answer);
  return s3Error(501, 'NotImplemented', 'The AWS stand-ins support only PutEvents, objects of S3 and parameters');
}

function jsonAnswer(status: number, value: object): ObjectAnswer {
  return { status, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(value) };
}
