import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { Refusal } from '../refusal.ts';
import type { Target } from '../target.ts';

/** What became of the tokens of all apps, in the words of `token-refresh`. */
export type TokenReport = { failed: string } | { asked: true };

/**
 * Has the function `token-refresh` ask WeChat for every access token: it calls from where the functions do, so the
 * address that WeChat names is the one to put on its list. Rejects when the function cannot be called at all.
 */
export async function askForTokens({ clients, deployedName }: Target): Promise<TokenReport> {
  const client = new LambdaClient(clients.lambda);
  try {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: deployedName('token-refresh'), Payload: JSON.stringify({ ask: true }) }),
    );
    const answer = JSON.parse(Payload?.transformToString() || '{}') as { errorMessage?: string; failed?: string[] };
    if (FunctionError) return { failed: answer.errorMessage ?? FunctionError };
    return answer.failed && answer.failed.length > 0 ? { failed: answer.failed.join(', ') } : { asked: true };
  } finally {
    client.destroy();
  }
}

/** What the report says of one token. @throws Refusal when WeChat did not give it, with WeChat's reason */
export function judgeToken(report: TokenReport, kind: 'access_token' | 'jsapi_ticket', appId: string): string {
  if (!('failed' in report)) return 'WeChat gives it to the functions';
  const names = `${kind} of ${appId} (`;
  const at = report.failed.indexOf(names);
  if (at >= 0) throw new Refusal(report.failed.slice(at + names.length, report.failed.indexOf(')', at)));
  // Something else than a token went wrong: then nobody knows about this one.
  if (!/ of wx\w+ \(/.test(report.failed)) throw new Refusal(`token-refresh fails: ${report.failed}`);
  return 'WeChat gives it to the functions';
}
