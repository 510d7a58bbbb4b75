/** Where the emulator answers, and as which region. */
export interface Emulator {
  endpoint: string;
  region: string;
}

/**
 * A call of one of the services that speak JSON, as whoever owns the account. The emulator checks no signature, and a
 * client for each service that is asked once or twice would be one dependency each.
 */
export async function callAws<Answer>(
  { endpoint, region }: Emulator,
  service: string,
  target: string,
  input: object,
): Promise<Answer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': target,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request`,
    },
    body: JSON.stringify(input),
  });
  if (!response.ok) throw new Error(`${target} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
