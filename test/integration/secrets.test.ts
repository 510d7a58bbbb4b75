// Reads secrets from a parameter store over HTTP.
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clientSettings, LOCAL_AWS } from '../../infra/service/table.ts';
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { recordConsole } from '../support/console.ts';
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
  recordConsole(lines);
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

  it('are read below a path with a trailing slash', async () => {
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

  it('are read from variables alone when SECRETS_PATH is empty', async () => {
    vi.stubEnv('SECRETS_PATH', '');
    const { secrets } = await load();
    await expect(secrets('OFFICIAL_TOKEN')).rejects.toThrow('OFFICIAL_TOKEN is not set');
    expect(server.calls).toEqual([]);
  });

  it('are requested ten at a time', async () => {
    for (const name of SECRET_NAMES) server.put(`/wechat-lambda/test/${name}`, name.toLowerCase());
    const { secrets } = await load();
    const found = await secrets(...SECRET_NAMES);
    expect(Object.values(found)).toEqual(SECRET_NAMES.map((name) => name.toLowerCase()));
    expect(server.calls.map(({ names }) => names.length)).toEqual([10, SECRET_NAMES.length - 10]);
  });

  it('are requested with the signature scope of the SDK client', async () => {
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

  it('are retried at a busy, unreachable or broken store when none is cached', async () => {
    server.fail(THROTTLED, null);
    const { secrets, optionalSecret } = await load();
    expect(await secrets('OFFICIAL_TOKEN')).toEqual({ OFFICIAL_TOKEN: 'stored' });
    server.fail({ status: 503, body: '' });
    expect(await optionalSecret('PAY_PUBLIC_KEY')).toBeUndefined();
    expect(server.calls).toHaveLength(5);
  });

  it('are returned from the cache when the store stalls in the middle of a response', async () => {
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

  it('fail after the third attempt, and are retried by the next request', async () => {
    server.fail(THROTTLED, THROTTLED, THROTTLED);
    const { secrets } = await load();
    await expect(secrets('OFFICIAL_TOKEN')).rejects.toThrow('The parameter store returned 400');
    expect(server.calls).toHaveLength(3);
    expect(await secrets('OFFICIAL_TOKEN')).toEqual({ OFFICIAL_TOKEN: 'stored' });
  });

  it('fail at once, with a log entry, when the role must not read them', async () => {
    server.fail(DENIED);
    const { secrets } = await load();
    await expect(secrets('OFFICIAL_TOKEN')).rejects.toThrow('AccessDeniedException');
    expect(server.calls).toHaveLength(1);
    expect(lines.join()).toContain('AccessDeniedException');
    expect(lines.join()).not.toContain('stored');
  });
});
