import { expect, it } from 'vitest';
import { readTableDefinition } from '../../../infra/service/table.ts';

const TEMPLATE = `
Table:
  Type: AWS::DynamoDB::Table
  Properties:
    TableName: \${self:custom.tableName}
    BillingMode: PAY_PER_REQUEST
    AttributeDefinitions: [{ AttributeName: pk, AttributeType: S }]
    KeySchema: [{ AttributeName: pk, KeyType: HASH }]
    TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
    StreamSpecification: { StreamViewType: KEYS_ONLY }
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
`;

it('turns the CloudFormation resource into the parameters of the DynamoDB API', () => {
  expect(readTableDefinition(TEMPLATE, 'local')).toEqual({
    create: {
      TableName: 'local',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
    },
    timeToLive: { AttributeName: 'expiresAt', Enabled: true },
  });
});
