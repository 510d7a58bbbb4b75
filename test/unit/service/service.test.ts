import { describe, expect, it } from 'vitest';
import { describeService, readService } from '../../../infra/service/service.ts';

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
  outbox:
    timeout: 20
    events:
      - stream:
          type: dynamodb
          arn: { Fn::GetAtt: [Table, StreamArn] }
          startingPosition: LATEST
          batchSize: 5
          maximumRetryAttempts: 3
          bisectBatchOnFunctionError: true
          functionResponseType: ReportBatchItemFailures
          filterPatterns: [{ eventName: [INSERT] }]
  audit:
    events: [{ stream: { type: dynamodb, arn: !GetAtt Table.StreamArn, maximumRetryAttempts: -1 } }]
  asleep:
    events: [{ stream: { type: dynamodb, arn: 'arn:aws:dynamodb:x', enabled: false } }]
  wallet:
    timeout: 30
    events:
      - eventBridge: { eventBus: !Ref Bus, pattern: { detail-type: [order.paid] } }
      - eventBridge: { eventBus: !Ref Bus, pattern: { detail-type: [order.refunded] }, enabled: false }
      - eventBridge: { schedule: rate(1 hour) }
  elsewhere:
    events: [{ stream: { type: kinesis, arn: 'arn:aws:kinesis:x' } }]
`;

describe('describeService', () => {
  const service = describeService(TEXT);

  it('separates routes, function URLs and operator functions', () => {
    expect(service).toMatchObject({ withUrl: ['hook'], operators: ['sweep', 'refund'] });
    expect(service.functions.slice(0, 4)).toEqual(['health', 'hook', 'sweep', 'refund']);
  });

  it('returns the consumers of the stream with their mappings', () => {
    expect(service.streamConsumers).toEqual([
      {
        functionName: 'outbox',
        timeoutSeconds: 20,
        startingPosition: 'LATEST',
        batchSize: 5,
        retries: 3,
        bisects: true,
        reportsFailures: true,
        filterPatterns: [{ eventName: ['INSERT'] }],
      },
      {
        functionName: 'audit',
        timeoutSeconds: 6,
        startingPosition: 'TRIM_HORIZON',
        batchSize: 10,
        retries: 5,
        bisects: false,
        reportsFailures: false,
        filterPatterns: [],
      },
    ]);
  });

  it('returns the event rules of the bus', () => {
    expect(service.eventRules).toEqual([
      { functionName: 'wallet', timeoutSeconds: 30, pattern: { 'detail-type': ['order.paid'] } },
    ]);
  });

  it('returns the names in AWS', () => {
    expect(service.deployedName('refund')).toBe('shop-dev-refund');
    expect(service.tableName).toBe('shop-dev');
  });

  it('reads our own serverless.yml', () => {
    const own = readService();
    expect(own.tableName).toBe('wechat-lambda-dev');
    expect(own.withUrl).toContain('official-events');
    expect(own.operators).toContain('catalog-put');
  });
});
