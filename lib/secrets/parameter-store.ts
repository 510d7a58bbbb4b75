import { awsEndpoint, callAws, retryTransient, type AwsDeps } from '../core/aws-call.ts';
import { variable } from '../core/config.ts';

/** Maximum number of names in GetParameters. */
const MAX_NAMES = 10;
const TIMEOUT_MS = 1_000;
const SERVICE = { id: 'ssm', name: 'The parameter store' } as const;

/**
 * Reads the decrypted parameters of these names under `path`; missing parameters are left out. With `retry`, each call
 * is tried up to three times after transient errors.
 */
export async function getParameters(
  deps: AwsDeps,
  { path, names, retry }: { path: string; names: string[]; retry: boolean },
): Promise<Map<string, string>> {
  const batches: Promise<[string, string][]>[] = [];
  for (let at = 0; at < names.length; at += MAX_NAMES) {
    const read = () => getBatch(deps, path, names.slice(at, at + MAX_NAMES));
    batches.push(retry ? retryTransient(deps, read) : read());
  }
  return new Map((await Promise.all(batches)).flat());
}

async function getBatch(deps: AwsDeps, path: string, names: string[]): Promise<[string, string][]> {
  const endpoint = variable('AWS_ENDPOINT_URL_SSM') ?? variable('AWS_ENDPOINT_URL') ?? awsEndpoint('ssm');
  const { body } = await callAws(deps, SERVICE, {
    method: 'POST',
    url: new URL('/', endpoint),
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AmazonSSM.GetParameters' },
    body: JSON.stringify({ Names: names.map((name) => `${path}/${name}`), WithDecryption: true }),
    timeoutMs: TIMEOUT_MS,
  });
  const { Parameters } = JSON.parse(body.toString()) as { Parameters: { Name: string; Value: string }[] };
  return Parameters.map(({ Name, Value }) => [Name.slice(path.length + 1), Value]);
}
