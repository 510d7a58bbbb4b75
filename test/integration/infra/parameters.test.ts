// The local parameter store, called by the client of the SDK.
import {
  DeleteParametersCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientSettings } from '../../../infra/service/table.ts';
import { startParameterStore, type StoreServer } from '../../support/parameter-store.ts';

let server: StoreServer;
let client: SSMClient;
beforeAll(async () => {
  server = await startParameterStore();
  client = new SSMClient({ ...clientSettings(server.url), maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

const put = (name: string, change: object = {}) =>
  client.send(new PutParameterCommand({ Name: `/a/${name}`, Value: `${name}-1`, Type: 'SecureString', ...change }));
const get = (WithDecryption: boolean, ...names: string[]) =>
  client.send(new GetParametersCommand({ Names: names.map((name) => `/a/${name}`), WithDecryption }));

it('the parameter store keeps versions and decrypts values only on request', async () => {
  expect(await put('X')).toMatchObject({ Version: 1 });
  await expect(put('X')).rejects.toMatchObject({ name: 'ParameterAlreadyExists' });
  expect(await put('X', { Value: 'X-2', Overwrite: true })).toMatchObject({ Version: 2 });
  const { Parameters, InvalidParameters } = await get(true, 'X', 'Y');
  expect(Parameters).toMatchObject([{ Name: '/a/X', Value: 'X-2', Version: 2, Type: 'SecureString' }]);
  expect(Parameters?.[0]?.LastModifiedDate?.getTime()).toBeGreaterThan(Date.now() - 60_000);
  expect(InvalidParameters).toEqual(['/a/Y']);
  expect((await get(false, 'X')).Parameters?.[0]?.Value).not.toContain('X-2');
});

it('the parameter store lists a path in pages and deletes parameters', async () => {
  const names = Array.from({ length: 13 }, (_, at) => `P${String(at).padStart(2, '0')}`);
  for (const name of names) await put(`deep/${name}`);
  const path = { Path: '/a/deep', WithDecryption: true };
  const first = await client.send(new GetParametersByPathCommand(path));
  const second = await client.send(new GetParametersByPathCommand({ ...path, NextToken: first.NextToken }));
  const values = [...(first.Parameters ?? []), ...(second.Parameters ?? [])].map(({ Value }) => Value);
  expect(values).toEqual(names.map((name) => `deep/${name}-1`));
  expect(second.NextToken).toBeUndefined();
  const removed = await client.send(new DeleteParametersCommand({ Names: ['/a/deep/P00', '/a/no'] }));
  expect(removed).toMatchObject({ DeletedParameters: ['/a/deep/P00'], InvalidParameters: ['/a/no'] });
  expect((await get(true, 'deep/P00')).Parameters).toEqual([]);
});

it.each([
  ['a value that is too long', { Value: 'x'.repeat(4_097) }, 'ValidationException'],
  ['an empty value', { Value: '' }, 'ValidationException'],
  ['a name without a path', { Name: 'X' }, 'ValidationException'],
  ['the type StringList', { Type: 'StringList' }, 'UnsupportedParameterType'],
])('the parameter store rejects %s', async (_, change, name) => {
  await expect(put('R', change)).rejects.toMatchObject({ name });
});

it('the parameter store rejects more than ten names in one call', async () => {
  await expect(get(true, ...'abcdefghijk')).rejects.toMatchObject({ name: 'ValidationException' });
});
