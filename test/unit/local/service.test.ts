import { describe, expect, it } from 'vitest';
import { describeService, readService } from '../../../infra/local/service.ts';

const TEXT = `
service: shop
provider: { stage: dev }
functions:
  health:
    events: [{ httpApi: GET /health }]
  hook:
    url: true
  sweep:
    environment: { BUS: !Ref Bus }
    events: [{ schedule: { rate: [rate(1 minute)] } }]
  refund: {}
`;

describe('what the local stack reads from serverless.yml', () => {
  const service = describeService(TEXT);

  it('tells routes, function URLs and operators apart', () => {
    expect(service).toMatchObject({ withUrl: ['hook'], operators: ['sweep', 'refund'] });
    expect(service.functions).toEqual(['health', 'hook', 'sweep', 'refund']);
  });

  it('knows the names in AWS', () => {
    expect(service.deployedName('refund')).toBe('shop-dev-refund');
    expect(service.tableName).toBe('shop-dev');
  });

  it('understands our own file', () => {
    const own = readService();
    expect(own.tableName).toBe('wechat-lambda-dev');
    expect(own.withUrl).toContain('official-events');
    expect(own.operators).toContain('catalog-put');
  });
});
