// A stage in AWS: a server that answers in the place of CloudFormation, Lambda and SSM.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parameterStore } from '../../../infra/local/aws/parameters.ts';
import { stackAnswer } from './stack-answer.ts';
import { runOps } from './stage.ts';

const CODE = 'serverless/wechat-lambda/dev/1795245646755-2026-11-21T07:20:46.755Z/health.zip';
const TEMPLATE = JSON.stringify({ Resources: { Health: { Properties: { Code: { S3Key: CODE } } } } });
const store = parameterStore();

let server: Server;
let env: Record<string, string>;
let asked: string[] = [];

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const body = await text(request);
    const target = request.headers['x-amz-target'];
    if (target) {
      const { status, answer } = store.call(String(target).replace('AmazonSSM.', ''), JSON.parse(body))!;
      return void response
        .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
        .end(JSON.stringify(answer));
    }
    asked.push(body ? (new URLSearchParams(body).get('Action') ?? '') : `${request.method} ${request.url}`);
    const { status, answer, type } = answerOf(request.url ?? '', new URLSearchParams(body));
    response.writeHead(status, { 'content-type': type }).end(answer);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  env = { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'eu-west-1' };
});
afterAll(() => void server.close().closeAllConnections());

function answerOf(path: string, query: URLSearchParams): { status: number; answer: string; type: string } {
  const [json, xml] = ['application/json', 'text/xml'];
  if (path.endsWith('/health')) return { status: 200, answer: '', type: json };
  if (path.includes('/functions/wechat-lambda-dev-pay-prepay/')) {
    return { status: 200, answer: JSON.stringify({ Environment: { Variables: { TABLE_NAME: 't' } } }), type: json };
  }
  if (query.get('StackName') !== 'wechat-lambda-dev') {
    const error = `<Code>ValidationError</Code><Message>Stack with id ${query.get('StackName')} does not exist</Message>`;
    return {
      status: 400,
      answer: `<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`,
      type: xml,
    };
  }
  const GetTemplate = `<TemplateBody>${TEMPLATE.replaceAll('"', '&quot;')}</TemplateBody>`;
  const answer = stackAnswer(query.get('Action') ?? '', { HttpApiUrl: env.AWS_ENDPOINT_URL! }, { GetTemplate });
  return { status: 200, answer, type: xml };
}

describe('with --stage', () => {
  it('deployed prints the timestamp of the running deployment, and nothing for an undeployed stage', async () => {
    await expect(runOps('deployed', ['--stage', 'dev'], env)).resolves.toMatchObject({
      code: 0,
      stdout: '1795245646755\n',
    });
    await expect(runOps('deployed', ['--stage', 'prod'], env)).resolves.toMatchObject({ code: 0, stdout: '' });
    await expect(runOps('deployed', [], env)).resolves.toMatchObject({ code: 2, stdout: '' });
  });

  it('smoke checks the addresses of the stack', async () => {
    asked = [];
    const { code, stdout } = await runOps('smoke', ['--stage', 'dev'], env);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Smoke test of dev (account 123456789012, eu-west-1)')]);
    expect(stdout).toContain(`✓ health`);
    expect(asked).toEqual([
      'DescribeStacks',
      'GET /2015-03-31/functions/wechat-lambda-dev-pay-prepay/configuration',
      'GET /health',
    ]);
  });

  it('secrets lists the secrets of the stage', async () => {
    await expect(runOps('secrets', ['put', 'OFFICIAL_TOKEN', '--stage', 'dev'], env, 'token1')).resolves.toMatchObject({
      code: 0,
      stdout: expect.stringContaining('npm run doctor -- --stage dev'),
    });
    const { answer } = store.call('GetParameters', {
      Names: ['/wechat-lambda/dev/OFFICIAL_TOKEN'],
      WithDecryption: true,
    })!;
    expect(answer).toMatchObject({ Parameters: [{ Type: 'SecureString', Value: 'token1' }] });
  });

  it('secrets removes every secret when the stack is gone', async () => {
    store.put('/wechat-lambda/prod/JWT_SIGNING_KEYS', '{}');
    store.put('/wechat-lambda/dev/JWT_SIGNING_KEYS', '{}');
    const remove = (stage: string) => runOps('secrets', ['remove', 'JWT_SIGNING_KEYS', '--stage', stage], env);
    await expect(remove('prod')).resolves.toMatchObject({ code: 0 });
    await expect(remove('dev')).resolves.toMatchObject({ code: 1, stderr: expect.stringContaining('is in use') });
  });

  it('doctor names a stage that was never deployed', async () => {
    const { code, stderr } = await runOps('doctor', ['--stage', 'prod'], env);
    expect([code, stderr]).toEqual([1, 'There is no stack wechat-lambda-prod in eu-west-1: deploy it first.\n']);
  });
});
