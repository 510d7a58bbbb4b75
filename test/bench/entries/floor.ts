// The floor: the parts of the SDK that every function with the table loads.
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

/** Never called; keeps the client and the commands in the bundle. */
export const handler = (): unknown => [new DynamoDBClient(), COMMANDS];
