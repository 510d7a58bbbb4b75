// The floor: what every function that uses the table has to load, and nothing else.
import {
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

const COMMANDS = {
  delete: DeleteItemCommand,
  get: GetItemCommand,
  put: PutItemCommand,
  query: QueryCommand,
  transact: TransactWriteItemsCommand,
  update: UpdateItemCommand,
};

/** Never called; it keeps the client and the commands in the bundle. */
export const handler = (): unknown => [new DynamoDBClient(), COMMANDS];
