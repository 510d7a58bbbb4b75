import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readEventRules, type EventRule } from './event-rules.ts';
import { readStreamConsumers, type FunctionWithEvents, type StreamConsumer } from './stream-consumers.ts';

export interface Service {
  /** The name of the table: `custom.tableName`. */
  tableName: string;
  functions: string[];
  /** Functions with a function URL. */
  withUrl: string[];
  /** Functions that nobody reaches from outside: no route, no URL, no stream, no rule. */
  operators: string[];
  /** Functions that get the changes of the table. */
  streamConsumers: StreamConsumer[];
  /** Who gets which events of the bus. */
  eventRules: EventRule[];
  /** The name that the Lambda API knows a function by. */
  deployedName(functionName: string): string;
}

interface ServerlessFile {
  service: string;
  provider: { stage: string; timeout?: number };
  functions: Record<string, FunctionWithEvents & { url?: unknown }>;
}

/** What the local stack has to know of serverless.yml. Variables (`${…}`) are not resolved. */
export function readService(): Service {
  return describeService(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'));
}

/** The same from the text of a serverless.yml. */
export function describeService(text: string): Service {
  // Short forms of CloudFormation (`!Ref`) are unknown to the parser, and nothing to warn about.
  const { service, provider, functions } = parse(text, { logLevel: 'error' }) as ServerlessFile;
  const entries = Object.entries(functions);
  const hasSource = ({ events = [] }: FunctionWithEvents) =>
    events.some((event) => 'httpApi' in event || 'stream' in event || 'eventBridge' in event);
  return {
    tableName: `${service}-${provider.stage}`,
    functions: Object.keys(functions),
    withUrl: entries.filter(([, fn]) => fn.url).map(([name]) => name),
    operators: entries.filter(([, fn]) => !fn.url && !hasSource(fn)).map(([name]) => name),
    streamConsumers: readStreamConsumers(functions, provider),
    eventRules: readEventRules(functions, provider),
    deployedName: (functionName) => `${service}-${provider.stage}-${functionName}`,
  };
}
