/** Calls the simulator's control API. @throws Error for every status but 2xx */
export async function control<Answer = unknown>(
  simulator: { url: string },
  method: string,
  path: string,
  body?: object,
): Promise<Answer> {
  const { status, text } = await call(simulator, method, path, body);
  if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  return parse(text) as Answer;
}

/** Calls the control API, for actions that a random play may repeat: 4xx is an ordinary result. @throws Error for 5xx */
export async function tryControl(
  simulator: { url: string },
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const { status, text } = await call(simulator, method, path, body);
  if (status >= 500) throw new Error(`${method} ${path}: ${status} ${text}`);
  return parse(text);
}

async function call({ url }: { url: string }, method: string, path: string, body: object | undefined) {
  const response = await fetch(url + path, { method, ...(body && { body: JSON.stringify(body) }) });
  return { status: response.status, text: await response.text() };
}

function parse(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}
