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
 * Pauses between attempts, with jitter: many concurrent cold starts exceed the rate limit of the store. The total time
 * stays below the five seconds that WeChat waits for a webhook.
 */
const PAUSES_MS = [100, 400];

/**
 * Reads the decrypted parameters of these names under `path`; missing parameters are left out. With `retry`, each call
 * is tried up to three times after transient errors.
 *
 * The calls are signed with modules that the DynamoDB client contains anyway. The SSM client would add 77 KB to every
 * bundle and make the import a fifth slower.
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
    throw new Error('The parameter store did not respond', { cause });
  });
  const text = answer.body.toString();
  if (answer.status === 200) return JSON.parse(text);
  throw new ParameterStoreError(answer.status, text);
}

/** Returns the public endpoint of a region. Regions in China have their own domain. */
function publicEndpoint(region: string): string {
  return `https://ssm.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

/** An error response of the parameter store. Its text names the role and the parameter, and contains no value. */
class ParameterStoreError extends Error {
  readonly isTransient: boolean;

  constructor(status: number, text: string) {
    super(`The parameter store returned ${status}: ${text.slice(0, 500)}`);
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
