// Creates the table from the deployed file, so that tests and the local stack have the keys of AWS.
import { readFileSync } from 'node:fs';
import {
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
  type TimeToLiveSpecification,
} from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';

const TEMPLATE = new URL('../table.yml', import.meta.url);

/**
 * The region and the keys for an engine that checks neither. The functions must use the same: some engines keep one set of
 * tables per key and region.
 */
export const LOCAL_AWS = { AWS_REGION: 'ap-southeast-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };

/** Returns the settings of a client of the engine. */
export function clientSettings(endpoint: string) {
  const env = { ...LOCAL_AWS, ...process.env };
  return {
    endpoint,
    region: env.AWS_REGION,
    credentials: { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY },
  };
}

interface TableTemplate {
  Table: {
    Properties: CreateTableCommandInput & {
      TimeToLiveSpecification: TimeToLiveSpecification;
      PointInTimeRecoverySpecification?: unknown;
    };
  };
}

/** Creates the table of `infra/table.yml` under this name; an existing table stays unchanged. */
export async function createTable(
  endpoint: string,
  tableName: string,
  { withStream = true }: { withStream?: boolean } = {},
): Promise<void> {
  const { create, timeToLive } = readTableDefinition(readFileSync(TEMPLATE, 'utf8'), tableName);
  const { StreamSpecification: _, ...withoutStream } = create;
  const client = new DynamoDBClient(clientSettings(endpoint));
  try {
    await client.send(new CreateTableCommand(withStream ? create : withoutStream));
    await waitUntilTableExists({ client, minDelay: 1, maxWaitTime: 20 }, { TableName: tableName });
    await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: timeToLive }));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  } finally {
    client.destroy();
  }
}

/** Converts the CloudFormation resource into the inputs of the two API calls. */
export function readTableDefinition(template: string, tableName: string) {
  const { Properties } = (parse(template) as TableTemplate).Table;
  const { TimeToLiveSpecification, ...rest } = Properties;
  // The engine has no use for these.
  const { PointInTimeRecoverySpecification: _recovery, DeletionProtectionEnabled: _protection, ...create } = rest;
  return {
    create: {
      ...create,
      TableName: tableName,
      StreamSpecification: create.StreamSpecification && { ...create.StreamSpecification, StreamEnabled: true },
    } satisfies CreateTableCommandInput,
    timeToLive: TimeToLiveSpecification,
  };
}
