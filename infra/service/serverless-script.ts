import { createRequire } from 'node:module';

/** Returns the script of the Serverless Framework, to run with this Node and without a shell. */
export function serverlessScript(): string {
  return createRequire(import.meta.url).resolve('serverless/bin/serverless.js');
}
