import { describe, expect, it } from 'vitest';
import { readApiUrl, readAwsWebhookUrl, readTimestamp, readPublicWebhookUrl } from '../../../infra/ops/deployment.ts';
import { readTarget } from '../../../infra/ops/target.ts';

describe('the address of a webhook', () => {
  const outputs = { PayDashnotifyLambdaFunctionUrl: 'https://f.example/', HttpApiUrl: 'https://api.example/' };

  it('is the public address for the doctor', () => {
    const withDomain = { ...outputs, PayNotifyUrl: 'https://own.example/pay' };
    expect(readPublicWebhookUrl({ outputs: withDomain }, 'pay-notify')).toBe('https://own.example/pay');
    expect(readPublicWebhookUrl({ outputs }, 'pay-notify')).toBe('https://f.example/');
  });

  it('is the AWS address for the smoke test, because the DNS record of a domain may follow later', () => {
    const withDomain = {
      ...outputs,
      PayNotifyUrl: 'https://own.example/pay',
      PayV2NotifyUrl: 'https://own.example/v2',
    };
    expect(readAwsWebhookUrl({ outputs: withDomain }, 'pay-notify')).toBe('https://f.example/');
    expect(readAwsWebhookUrl({ outputs: withDomain }, 'pay-notify-v2')).toBe(
      'https://api.example/webhooks/pay-notify-v2',
    );
  });

  it('is reported by the name of the missing output', () => {
    expect(() => readApiUrl({ outputs: {} })).toThrow('no output HttpApiUrl');
  });
});

describe('readTimestamp', () => {
  const template = (key: string) => JSON.stringify({ Resources: { F: { Properties: { Code: { S3Key: key } } } } });

  it('reads the timestamp from the keys of the code', () => {
    const key = 'serverless/wechat-lambda/dev/1795245646755-2026-11-21T07:20:46.755Z/health.zip';
    expect(readTimestamp(template(key))).toBe('1795245646755');
  });

  it('returns undefined while the stack has no functions', () => {
    expect(readTimestamp(template('other/health.zip'))).toBeUndefined();
    expect(readTimestamp('{"Resources":{"ServerlessDeploymentBucket":{}}}')).toBeUndefined();
  });
});

describe('readTarget', () => {
  it('returns a stage in AWS with its own names', () => {
    const target = readTarget('staging');
    expect(target).toMatchObject({ secretsPath: '/wechat-lambda/staging', stackName: 'wechat-lambda-staging' });
    expect(target.deployedName('me')).toBe('wechat-lambda-staging-me');
    expect(target.standIns).toBeUndefined();
  });

  it('returns the local stack without a stage', () => {
    const target = readTarget(undefined);
    expect(target).toMatchObject({ name: 'local', secretsPath: '/wechat-lambda/local' });
    expect(target.standIns).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(target.deployedName('me')).toBe('wechat-lambda-dev-me');
  });

  it.each(['local', '../prod', 'a/b', ''])('rejects the stage %j', (stage) => {
    expect(() => readTarget(stage)).toThrow('is not a stage in AWS');
  });
});
