import { createRequire } from 'node:module';

/** The command line of the Serverless Framework, for this Node and without a shell. */
export function serverlessScript(): string {
  return createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
}
