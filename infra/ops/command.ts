import { AppError } from '../../lib/core/errors.ts';
import { messageForOperator } from '../../lib/core/wechat-words.ts';

/** A command cannot continue. The message states for the operator what is wrong and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** The cause is outside of the deployment: an outage of WeChat, or a secret that is not stored yet. */
export class ExternalError extends CommandError {}

/** The command line is wrong. */
export class UsageError extends CommandError {}

const ADVICE_BY_NAME = new Map([
  ['CredentialsProviderError', 'No AWS credentials: log in, or name a profile with AWS_PROFILE.'],
  ['ExpiredToken', 'The AWS credentials have expired: log in again.'],
  ['ExpiredTokenException', 'The AWS credentials have expired: log in again.'],
]);

/**
 * Returns one line for the operator, with the sentence of WeChat if there is one. No error here quotes a secret: AWS
 * names operations, our errors name settings.
 */
export function explainError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof CommandError || error instanceof AppError) return messageForOperator(error);
  const cause = error.cause instanceof Error && error.cause.message ? ` (${error.cause.message})` : '';
  return ADVICE_BY_NAME.get(error.name) ?? `${error.name}: ${error.message}${cause}`;
}

/** Runs a command and sets its exit code: 0 done, 1 failed, 2 wrong use, or the code that `main` returns. */
export async function runCommand(main: () => Promise<number | void>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(explainError(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
