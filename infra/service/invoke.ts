// The Lambda invoke API, as serverless-offline offers it.

/** The result of a function: its value, the message of its error, or a request that is too large for Lambda. */
export type InvokeResult = { value: unknown } | { error: string } | { tooLarge: true };

/** Invokes a function of the local stack. Rejects when the API does not answer, or at the signal. */
export async function invokeFunction(
  lambdaPort: number,
  deployedName: string,
  event: unknown,
  signal?: AbortSignal,
): Promise<InvokeResult> {
  const response = await fetch(`http://127.0.0.1:${lambdaPort}/2015-03-31/functions/${deployedName}/invocations`, {
    method: 'POST',
    body: JSON.stringify(event),
    signal,
  });
  const text = await response.text();
  if (response.status === 413) return { tooLarge: true };
  if (!response.ok || response.headers.has('x-amz-function-error')) return { error: readErrorMessage(text) };
  return { value: readPayload(text) };
}

function readErrorMessage(text: string): string {
  const { errorMessage, Message } = JSON.parse(text) as { errorMessage?: string; Message?: string };
  return errorMessage ?? Message ?? text;
}

/** serverless-offline quotes a returned string without escaping it, which is no JSON: the quotes are cut off. */
function readPayload(text: string): unknown {
  if (text === '') return undefined;
  return text.startsWith('"') ? text.slice(1, -1) : (JSON.parse(text) as unknown);
}
