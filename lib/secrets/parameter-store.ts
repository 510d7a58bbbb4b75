import { fromEnv } from '@aws-sdk/credential-provider-env';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { settings, variable } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';

/** Maximum number of names in GetParameters. */
const MAX_NAMES = 10;
const TIMEOUT_MS = 1_000;
/**
 * Backoff with jitter for many cold starts at once, which exceed the store's calls per second. The total stays below the
 * five seconds that WeChat waits for a webhook.
 */
const PAUSES_MS = [100, 400];

/**
 * Reads the decrypted parameters of these names under `path`; missing ones are left out. With `retry` it tries up to three
 * times.
 *
 * One signed request, made with parts that the DynamoDB client contains anyway: the SSM client would add 77 KB to every
 * bundle, and a fifth of its import time.
 */
export async function getParameters(
  deps: Pick<Runtime, 'sleep' | 'randomBytes'>,
  { path, names, retry }: { path: string; names: string[]; retry: boolean },
): Promise<Map<string, string>> {
  const batches: Promise<[string, string][]>[] = [];
  for (let at = 0; at < names.length; at += MAX_NAMES) {
    const read = () => getBatch(path, names.slice(at, at + MAX_NAMES));
    batches.push(retry ? retryTransient(deps, read) : read());
  }
  return new Map((await Promise.all(batches)).flat());
}

async function getBatch(path: string, names: string[]): Promise<[string, string][]> {
  const body = JSON.stringify({ Names: names.map((name) => `${path}/${name}`), WithDecryption: true });
  const { Parameters } = (await call('GetParameters', body)) as { Parameters: { Name: string; Value: string }[] };
  return Parameters.map(({ Name, Value }) => [Name.slice(path.length + 1), Value]);
}

async function call(operation: string, body: string): Promise<unknown> {
  const { AWS_REGION: region } = settings('AWS_REGION');
  const url = new URL(variable('AWS_ENDPOINT_URL_SSM') ?? variable('AWS_ENDPOINT_URL') ?? publicEndpoint(region));
  const headers = {
    host: url.host,
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `AmazonSSM.${operation}`,
  };
  const signer = new SignatureV4({ service: 'ssm', region, credentials: fromEnv(), sha256: Sha256 });
  const signed = await signer.sign(
    new HttpRequest({ method: 'POST', hostname: url.hostname, path: '/', headers, body }),
  );
  const request = { method: 'POST', url, headers: signed.headers, body, timeoutMs: TIMEOUT_MS } as const;
  const answer = await runtime.send(request).catch(({ cause }: Error) => {
    throw new Error('The parameter store does not answer', { cause });
  });
  const text = answer.body.toString();
  if (answer.status === 200) return JSON.parse(text);
  throw new ParameterStoreError(answer.status, text);
}

/** Regions in China have their own domain. */
function publicEndpoint(region: string): string {
  return `https://ssm.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** An error response. Its text names the role and the parameter, and holds no value. */
class ParameterStoreError extends Error {
  readonly isTransient: boolean;

  constructor(status: number, text: string) {
    super(`The parameter store answered ${status}: ${text.slice(0, 500)}`);
    this.isTransient = status >= 500 || /throttl|too many|rate exceeded/i.test(text);
  }
}

async function retryTransient<Value>(
  { sleep, randomBytes }: Pick<Runtime, 'sleep' | 'randomBytes'>,
  read: () => Promise<Value>,
): Promise<Value> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await read();
    } catch (error) {
      if (error instanceof ParameterStoreError && !error.isTransient) throw error;
      await sleep(pauseMs * (0.5 + randomBytes(1).readUInt8() / 255));
    }
  }
  return read();
}
