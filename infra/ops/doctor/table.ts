import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { settings } from '../../../lib/core/config.ts';
import { clientSettings } from '../../service/table.ts';
import type { Deployment } from '../deployment.ts';
import { CommandError } from '../command.ts';
import { runCheck, type CheckResult } from '../check-report.ts';
import type { Target } from '../target.ts';

/** Compares the table with infra/table.yml. A missing feature stays unnoticed until it is needed. */
export async function checkTable({ standIns, region }: Target, { variables }: Deployment): Promise<CheckResult[]> {
  const { AWS_ENDPOINT_URL_DYNAMODB: engine } = variables;
  const client = new DynamoDBClient(engine ? clientSettings(engine) : { region });
  const name = () => ({ TableName: settings('TABLE_NAME').TABLE_NAME });
  const described = (async () => (await client.send(new DescribeTableCommand(name()))).Table)();
  described.catch(() => undefined);
  const rows = await Promise.all([
    runCheck('table', async () => {
      const { TableName, TableStatus, ItemCount = 0 } = (await described) ?? {};
      if (TableStatus === 'ACTIVE') return `${TableName}, about ${ItemCount} items`;
      throw new CommandError(`${TableName} is ${TableStatus}`);
    }),
    runCheck('end of items', async () => {
      const { TimeToLiveDescription: life } = await client.send(new DescribeTimeToLiveCommand(name()));
      if (life?.TimeToLiveStatus === 'ENABLED' && life.AttributeName === 'expiresAt') return 'by expiresAt';
      throw new CommandError(
        `is ${life?.TimeToLiveStatus ?? 'not configured'}: sessions and codes would stay for ever`,
      );
    }),
    runCheck('stream', async () => {
      const { StreamEnabled, StreamViewType } = (await described)?.StreamSpecification ?? {};
      if (StreamEnabled && StreamViewType === 'NEW_AND_OLD_IMAGES') return 'old and new images';
      throw new CommandError(`is ${StreamEnabled ? StreamViewType : 'off'}: no event would be published`);
    }),
    runCheck('backups', async () => {
      if (standIns) return { mark: '–', note: 'not on this machine' };
      const { ContinuousBackupsDescription } = await client.send(new DescribeContinuousBackupsCommand(name()));
      const { PointInTimeRecoveryStatus } = ContinuousBackupsDescription?.PointInTimeRecoveryDescription ?? {};
      if (PointInTimeRecoveryStatus === 'ENABLED') return 'to any second of the last 35 days';
      throw new CommandError('point-in-time recovery is off: items that are deleted by mistake cannot be restored');
    }),
  ]);
  client.destroy();
  return rows;
}
