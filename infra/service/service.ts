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
  /** Functions without a route, URL, stream or rule: only an operator can invoke them. */
  operators: string[];
  /** Functions that consume the stream of the table. */
  streamConsumers: StreamConsumer[];
  /** The event patterns of the functions that consume the bus. */
  eventRules: EventRule[];
  /** Returns the name of a function in Lambda. */
  deployedName(functionName: string): string;
}

interface ServerlessFile {
  service: string;
  provider: { stage: string; timeout?: number };
  functions: Record<string, FunctionWithEvents & { url?: unknown }>;
}

/** Reads the parts of serverless.yml that the commands and the local stack use. Variables (`${…}`) are not resolved. */
export function readService(): Service {
  return describeService(readFileSync(new URL('../../serverless.yml', import.meta.url), 'utf8'));
}

/** Reads the same parts from the text of a serverless.yml. */
export function describeService(text: string): Service {
  // The parser does not know the short forms of CloudFormation (`!Ref`), and would warn.
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
