/** The address and the region of the emulator. */
export interface Emulator {
  endpoint: string;
  region: string;
}

/**
 * Calls a service with a JSON protocol as the owner of the account. The emulator checks no signature. This function
 * replaces SDK clients of services that the rehearsal calls only once or twice.
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
