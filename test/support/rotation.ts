// Changes secrets in the parameter store while an instance of the service keeps running.
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

/**
 * Starts a parameter store and clears all secrets from the environment. `settings` are the other variables. Modules that are
 * imported afterwards use the clock of this rotation.
 */
export async function startRotation(settings: Record<string, string>) {
  const store = await startParameterStore();
  let offsetMs = 0;
  const now = Date.now.bind(Date);
  vi.spyOn(Date, 'now').mockImplementation(() => now() + offsetMs);
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
  for (const name of SECRET_NAMES) vi.stubEnv(name, '');
  const variables = { ...LOCAL_AWS, AWS_ENDPOINT_URL_SSM: store.url, SECRETS_PATH: PATH, ...settings };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  const put = (values: Partial<Record<SecretName, string>>) => {
    for (const [name, value] of Object.entries(values)) store.put(`${PATH}/${name}`, value);
  };
  return {
    /** Stores secrets without moving the clock. */
    put,
    /** Stores new secrets, then moves the clock by the maximum age of a cached secret. */
    change: (values: Partial<Record<SecretName, string>>) => {
      put(values);
      offsetMs += MAX_AGE_MS;
    },
    stop: async () => {
      await store.stop();
      vi.restoreAllMocks();
      vi.unstubAllEnvs();
    },
  };
}

/** Starts a server that replaces WeChat. The server records each request and returns an error. */
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
