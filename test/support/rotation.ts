// A container that runs on while somebody changes its secrets in the parameter store.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { vi } from 'vitest';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { SECRET_NAMES, type SecretName } from '../../lib/core/config.ts';
import { MAX_AGE_MS } from '../../lib/secrets/cache.ts';
import { startParameterStore } from './parameter-store.ts';

const PATH = '/wechat-lambda/test';

/** No secret is a variable here; `settings` are the other variables. Modules that are imported after this see its clock. */
export async function startRotation(settings: Record<string, string>) {
  const store = await startParameterStore();
  let laterMs = 0;
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + laterMs);
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
  for (const name of SECRET_NAMES) vi.stubEnv(name, '');
  const variables = { ...LOCAL_AWS, AWS_ENDPOINT_URL_SSM: store.url, SECRETS_PATH: PATH, ...settings };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  const put = (values: Partial<Record<SecretName, string>>) => {
    for (const [name, value] of Object.entries(values)) store.put(`${PATH}/${name}`, value);
  };
  return {
    /** The secrets from the beginning. */
    put,
    /** As an operator does it, and as much later as it takes until every container knows. */
    change: (values: Partial<Record<SecretName, string>>) => {
      put(values);
      laterMs += MAX_AGE_MS;
    },
    stop: async () => {
      await store.stop();
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
    },
  };
}

/** Something in the place of WeChat that keeps what it is sent, and is never content. */
export async function recordingWechat() {
  const requests: { url: string; body: string; authorization: string }[] = [];
  const server = createServer(async (request, response) => {
    const { url = '', headers } = request;
    requests.push({ url, body: await text(request), authorization: headers.authorization ?? '' });
    response.writeHead(500).end('{"errcode":-1}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
