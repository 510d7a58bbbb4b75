import { describe, expect, it } from 'vitest';
import { apiUrl, ownUrl, readTimestamp, toldUrl } from '../../../infra/ops/deployment.ts';
import { readTarget } from '../../../infra/ops/target.ts';

describe('addresses', () => {
  const outputs = { PayDashnotifyLambdaFunctionUrl: 'https://f.example/', HttpApiUrl: 'https://api.example/' };

  it('of webhooks are those that WeChat is told, for the doctor', () => {
    const told = { ...outputs, PayNotifyUrl: 'https://own.example/pay' };
    expect(toldUrl({ outputs: told }, 'pay-notify')).toBe('https://own.example/pay');
    expect(toldUrl({ outputs }, 'pay-notify')).toBe('https://f.example/');
  });

  it('of webhooks are those that AWS made, for a smoke test: a domain may lead there later', () => {
    const told = { ...outputs, PayNotifyUrl: 'https://own.example/pay', PayV2NotifyUrl: 'https://own.example/v2' };
    expect(ownUrl({ outputs: told }, 'pay-notify')).toBe('https://f.example/');
    expect(ownUrl({ outputs: told }, 'pay-notify-v2')).toBe('https://api.example/webhooks/pay-notify-v2');
  });

  it('are missed by name', () => {
    expect(() => apiUrl({ outputs: {} })).toThrow('no HttpApiUrl');
  });
});

describe('the deployment that runs', () => {
  const template = (key: string) => JSON.stringify({ Resources: { F: { Properties: { Code: { S3Key: key } } } } });

  it('is named by the addresses of its code', () => {
    const key = 'serverless/wechat-lambda/dev/1795245646755-2026-11-21T07:20:46.755Z/health.zip';
    expect(readTimestamp(template(key))).toBe('1795245646755');
  });

  it('is none while the stack has no functions', () => {
    expect(readTimestamp(template('other/health.zip'))).toBeUndefined();
    expect(readTimestamp('{"Resources":{"ServerlessDeploymentBucket":{}}}')).toBeUndefined();
  });
});

describe('where a command works', () => {
  it('is a stage of AWS, under names of its own', () => {
    const target = readTarget('staging');
    expect(target).toMatchObject({ secretsPath: '/wechat-lambda/staging', stackName: 'wechat-lambda-staging' });
    expect(target.deployedName('me')).toBe('wechat-lambda-staging-me');
    expect(target.standIns).toBeUndefined();
  });

  it('is the local stack when no stage is named', () => {
    const target = readTarget(undefined);
    expect(target).toMatchObject({ name: 'local', secretsPath: '/wechat-lambda/local' });
    expect(target.standIns).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(target.deployedName('me')).toBe('wechat-lambda-dev-me');
  });

  it.each(['local', '../prod', 'a/b', ''])('is never the stage %j', (stage) => {
    expect(() => readTarget(stage)).toThrow('is no stage of AWS');
  });
});
