// Secrets out of a parameter store over HTTP.
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientSettings, LOCAL_AWS } from '../../infra/service/table.ts';
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { startParameterStore, type StoreServer } from '../support/parameter-store.ts';

let server: StoreServer;
let lines: string[];
const load = () => import('../../lib/secrets/secrets.ts');
const THROTTLED = { status: 400, body: '{"__type":"ThrottlingException","message":"Rate exceeded"}' };
const DENIED = { status: 400, body: '{"__type":"AccessDeniedException","Message":"not authorized"}' };

beforeEach(async () => {
  server = await startParameterStore();
  vi.resetModules();
  for (const name of SECRET_NAMES) vi.stubEnv(name, '');
  for (const [name, value] of Object.entries(LOCAL_AWS)) vi.stubEnv(name, value);
  vi.stubEnv('AWS_ENDPOINT_URL_SSM', server.url);
  vi.stubEnv('SECRETS_PATH', '/wechat-lambda/test');
  server.put('/wechat-lambda/test/OFFICIAL_TOKEN', 'stored');
  server.put('/wechat-lambda/prod/PAY_API_V2_KEY', 'of another stage');
  lines = [];
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)));
  }
});
afterEach(async () => {
  await server.stop();
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('secrets', () => {
  it('are read from the path of the stage, and a variable wins', async () => {
    vi.stubEnv('PAY_API_V3_KEY', 'set');
    const { secrets, optionalSecret } = await load();
    expect(await secrets('OFFICIAL_TOKEN', 'PAY_API_V3_KEY')).toEqual({
      OFFICIAL_TOKEN: 'stored',
      PAY_API_V3_KEY: 'set',
    });
    expect(await optionalSecret('PAY_API_V3_KEY_PREVIOUS')).toBeUndefined();
    expect(server.calls.map(({ names }) => names)).toEqual([
      ['OFFICIAL_TOKEN'],
      ['OFFICIAL_TOKEN', 'PAY_API_V3_KEY_PREVIOUS'],
    ]);
  });

  it('are found below a path with a slash at its end', async () => {
    vi.stubEnv('SECRETS_PATH', '/wechat-lambda/test/');
    const { secrets } = await load();
    expect(await secrets('OFFICIAL_TOKEN')).toEqual({ OFFICIAL_TOKEN: 'stored' });
  });

  it('are named when they are missing', async () => {
    const { secrets } = await load();
    await expect(secrets('OFFICIAL_TOKEN', 'PAY_API_V2_KEY')).rejects.toMatchObject({
      code: 'NOT_CONFIGURED',
      message: 'PAY_API_V2_KEY is not set',
    });
  });

  it('are variables alone where there is no path', async () => {
    vi.stubEnv('SECRETS_PATH', '');
    const { secrets } = await load();
    await expect(secrets('OFFICIAL_TOKEN')).rejects.toThrow('OFFICIAL_TOKEN is not set');
    expect(server.calls).toEqual([]);
  });

  it('are asked for ten at a time', async () => {
    for (const name of SECRET_NAMES) server.put(`/wechat-lambda/test/${name}`, name.toLowerCase());
    const { secrets } = await load();
    const found = await secrets(...SECRET_NAMES);
    expect(Object.values(found)).toEqual(SECRET_NAMES.map((name) => name.toLowerCase()));
    expect(server.calls.map(({ names }) => names.length)).toEqual([10, 3]);
  });

  it('are signed for, as the client of the SDK signs', async () => {
    const { secrets } = await load();
    await secrets('OFFICIAL_TOKEN');
    const client = new SSMClient(clientSettings(server.url));
    const { GetParametersCommand } = await import('@aws-sdk/client-ssm');
    await client.send(new GetParametersCommand({ Names: ['/x'] }));
    client.destroy();
    const scopes = server.calls.map(
      ({ authorization }) => /^AWS4-HMAC-SHA256 Credential=(\S+), /.exec(authorization)?.[1],
    );
    expect(scopes[0]).toMatch(/^local\/\d{8}\/ap-southeast-1\/ssm\/aws4_request$/);
    expect(scopes[0]).toBe(scopes[1]);
    expect(server.calls[0]!.authorization).toMatch(/SignedHeaders=[^,]*host[^,]*x-amz-target.*Signature=[0-9a-f]{64}$/);
  });

  it('wait for a store that is busy, unreachable or broken, when nothing is known yet', async () => {
    server.fail(THROTTLED, null);
    const { secrets, optionalSecret } = await load();
    expect(await secrets('OFFICIAL_TOKEN')).toEqual({ OFFICIAL_TOKEN: 'stored' });
    server.fail({ status: 503, body: '' });
    expect(await optionalSecret('PAY_PUBLIC_KEY')).toBeUndefined();
    expect(server.calls).toHaveLength(5);
  });

  it('do not wait for a store that begins an answer and stops', async () => {
    const now = Date.now();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(now);
    const { secrets } = await load();
    await secrets('OFFICIAL_TOKEN');
    server.stall();
    clock.mockReturnValue(now + 60_000);
    const began = performance.now();
    expect(await secrets('OFFICIAL_TOKEN')).toEqual({ OFFICIAL_TOKEN: 'stored' });
    expect(server.calls).toHaveLength(2);
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('give up after the third time, and try again for the next request', async () => {
    server.fail(THROTTLED, THROTTLED, THROTTLED);
    const { secrets } = await load();
    await expect(secrets('OFFICIAL_TOKEN')).rejects.toThrow('The parameter store returned 400');
    expect(server.calls).toHaveLength(3);
    expect(await secrets('OFFICIAL_TOKEN')).toEqual({ OFFICIAL_TOKEN: 'stored' });
  });

  it('do not insist where the role may not read them, and the log says so', async () => {
    server.fail(DENIED);
    const { secrets } = await load();
    await expect(secrets('OFFICIAL_TOKEN')).rejects.toThrow('AccessDeniedException');
    expect(server.calls).toHaveLength(1);
    expect(lines.join()).toContain('AccessDeniedException');
    expect(lines.join()).not.toContain('stored');
  });
});
