import { AppError } from '../../lib/core/errors.ts';

/** Something that the operator has to know or to mend, said in a sentence. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
}

/** What no deployment can mend: WeChat does not do its part, or an operator has not done theirs yet. */
export class Elsewhere extends Refusal {}

/** Wrong words on the command line. */
export class WrongUse extends Refusal {}

const CODES = new Map([
  ['CredentialsProviderError', 'No AWS credentials: log in, or name a profile with AWS_PROFILE.'],
  ['ExpiredToken', 'The AWS credentials have expired: log in again.'],
  ['ExpiredTokenException', 'The AWS credentials have expired: log in again.'],
]);

/** What went wrong, in a line. No error here quotes a secret: those of AWS name operations, ours name settings. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof Refusal || error instanceof AppError) return error.message;
  const cause = error.cause instanceof Error && error.cause.message ? ` (${error.cause.message})` : '';
  return CODES.get(error.name) ?? `${error.name}: ${error.message}${cause}`;
}

/** Runs a command to its exit code: 0 done, 1 failed, 2 wrong use; `main` may give another. */
export async function runCommand(main: () => Promise<number | void>): Promise<void> {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(explain(error));
    process.exitCode = error instanceof WrongUse ? 2 : 1;
  }
}
