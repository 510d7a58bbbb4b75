import { callAws, type Emulator } from './call-aws.ts';

interface Page<Item> {
  nextToken?: string;
  logGroups?: Item[];
  events?: Item[];
}

/** Reads the log lines of all functions, each with the name of its log group. */
export async function readFunctionLogs(emulator: Emulator): Promise<string[]> {
  const all = async <Item>(operation: string, input: object): Promise<Item[]> => {
    const items: Item[] = [];
    let nextToken: string | undefined;
    do {
      const request = { ...input, nextToken };
      const page = await callAws<Page<Item>>(emulator, 'logs', `Logs_20140328.${operation}`, request);
      items.push(...(page.logGroups ?? page.events ?? []));
      nextToken = page.nextToken;
    } while (nextToken);
    return items;
  };
  const groups = await all<{ logGroupName: string }>('DescribeLogGroups', { logGroupNamePrefix: '/aws/lambda/' });
  const lines: string[] = [];
  for (const { logGroupName } of groups) {
    const events = await all<{ message: string }>('FilterLogEvents', { logGroupName });
    lines.push(...events.map(({ message }) => `${logGroupName}: ${message.trimEnd()}`));
  }
  return lines;
}
