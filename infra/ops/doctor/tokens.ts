import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { CommandError } from '../command.ts';
import type { Target } from '../target.ts';

/** The result of `token-refresh`: the failures of all apps, or none. */
export type TokenReport = { failed: string } | { requested: true };

/**
 * Makes the function `token-refresh` request every access token. The request comes from the address of the functions, so
 * WeChat's error names the address for its allowlist. Rejects when the function cannot be called.
 */
export async function requestTokens({ clients, deployedName }: Target): Promise<TokenReport> {
  const client = new LambdaClient(clients.lambda);
  try {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: deployedName('token-refresh'), Payload: JSON.stringify({ ask: true }) }),
    );
    const answer = JSON.parse(Payload?.transformToString() || '{}') as { errorMessage?: string; failed?: string[] };
    if (FunctionError) return { failed: answer.errorMessage ?? FunctionError };
    return answer.failed && answer.failed.length > 0 ? { failed: answer.failed.join(', ') } : { requested: true };
  } finally {
    client.destroy();
  }
}

/** Returns the note for one token. @throws CommandError with WeChat's reason when WeChat did not issue it */
export function judgeToken(report: TokenReport, kind: 'access_token' | 'jsapi_ticket', appId: string): string {
  if (!('failed' in report)) return 'WeChat issues it to the functions';
  const names = `${kind} of ${appId} (`;
  const at = report.failed.indexOf(names);
  if (at >= 0) throw new CommandError(report.failed.slice(at + names.length, report.failed.indexOf(')', at)));
  // The function failed before it requested tokens, so the state of this one is unknown.
  if (!/ of wx\w+ \(/.test(report.failed)) throw new CommandError(`token-refresh fails: ${report.failed}`);
  return 'WeChat issues it to the functions';
}
