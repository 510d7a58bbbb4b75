import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface Service {
  /** The name of the table: `custom.tableName`. */
  tableName: string;
  functions: string[];
  /** Functions with a function URL. */
  withUrl: string[];
  /** Functions that nobody reaches from outside: no route, no URL. */
  operators: string[];
  /** The name that the Lambda API knows a function by. */
  deployedName(functionName: string): string;
}

interface ServerlessFile {
  service: string;
  provider: { stage: string };
  functions: Record<string, { url?: unknown; events?: Record<string, unknown>[] }>;
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
  const hasRoute = ({ events = [] }: ServerlessFile['functions'][string]) => events.some((event) => 'httpApi' in event);
  return {
    tableName: `${service}-${provider.stage}`,
    functions: Object.keys(functions),
    withUrl: entries.filter(([, fn]) => fn.url).map(([name]) => name),
    operators: entries.filter(([, fn]) => !fn.url && !hasRoute(fn)).map(([name]) => name),
    deployedName: (functionName) => `${service}-${provider.stage}-${functionName}`,
  };
}
