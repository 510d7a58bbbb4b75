import { fromEnv } from '@aws-sdk/credential-provider-env';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { settings } from './config.ts';
import type { OutboundRequest, OutboundResponse } from './outbound.ts';
import type { Runtime } from './runtime.ts';

export type AwsDeps = Pick<Runtime, 'now' | 'send' | 'sleep' | 'randomBytes'>;

/** A service of AWS. */
interface AwsService {
  /** The name in the signature. */
  id: 'ssm' | 's3';
  /** The name in error messages. */
  name: string;
}

/**
 * Pauses between attempts, with jitter: many concurrent cold starts exceed the rate limit of a service. With timeouts of
 * one second, the total time stays below the five seconds that WeChat waits for a webhook.
 */
const PAUSES_MS = [100, 400];

/** An error response of a service of AWS. Its text names the role and the resource, and contains no secret. */
export class AwsError extends Error {
  readonly status: number;
  readonly isTransient: boolean;

  constructor({ name }: AwsService, status: number, text: string) {
    super(`${name} returned ${status}: ${text.slice(0, 500)}`);
    this.status = status;
    this.isTransient = status >= 500 || status === 429 || /throttl|too many|rate exceeded|RequestTimeout/i.test(text);
  }
}

/**
 * Sends one call to a service of AWS, signed with the credentials of the function. The signer and the HTTP handler are
 * part of the DynamoDB client, which every bundle contains. A further client of the SDK would add 77 KB (SSM) or more.
 * @throws AwsError for a status of 300 and above
 * @throws Error when the service did not respond
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function callAws(
  { now, send }: Pick<AwsDeps, 'now' | 'send'>,
  service: AwsService,
  request: OutboundRequest,
): Promise<OutboundResponse> {
  const { method, url, body } = request;
  const signer = new SignatureV4({
    service: service.id,
    region: settings('AWS_REGION').AWS_REGION,
    credentials: fromEnv(),
    sha256: Sha256,
    // S3 is the only service that does not encode the path of the address once more.
    uriEscapePath: service.id !== 's3',
  });
  const unsigned = new HttpRequest({
    method,
    hostname: url.hostname,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: { host: url.host, ...request.headers },
    body,
  });
  const { headers } = await signer.sign(unsigned, { signingDate: new Date(now()) });
  const answer = await send({ ...request, headers }).catch(({ cause }: Error) => {
    throw new Error(`${service.name} did not respond`, { cause });
  });
  if (answer.status < 300) return answer;
  throw new AwsError(service, answer.status, answer.body.toString());
}

/** Runs a call that is safe to repeat, up to three times after transient errors. */
export async function retryTransient<Value>(
  { sleep, randomBytes }: Pick<AwsDeps, 'sleep' | 'randomBytes'>,
  call: () => Promise<Value>,
): Promise<Value> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof AwsError && !error.isTransient) throw error;
      await sleep(pauseMs * (0.5 + randomBytes(1).readUInt8() / 255));
    }
  }
  return call();
}

/** Returns the public endpoint of a service in a region. Regions in China have their own domain. */
export function awsEndpoint(host: string): URL {
  const { AWS_REGION: region } = settings('AWS_REGION');
  return new URL(`https://${host}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`);
}
