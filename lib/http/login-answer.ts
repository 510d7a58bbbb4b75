import { sessionCookie } from './cookies.ts';
import type { WithCookies } from './endpoint.ts';

type WithoutToken<Answer> = Answer extends { token: string } ? Omit<Answer, 'token'> : Answer;

/**
 * Returns the answer of a login on a web page. With `cookie=1` the browser gets the session as a cookie, and the answer
 * has no token, so that scripts of the page never hold it. An answer without a session stays as it is.
 */
export function loginAnswer<Answer extends object>(
  answer: Answer,
  { cookie, publicBaseUrl }: { cookie: '1' | undefined; publicBaseUrl: string },
): WithCookies<Answer | WithoutToken<Answer>> {
  if (cookie === undefined || !isSession(answer)) return { body: answer, cookies: [] };
  const { token, ...body } = answer;
  const { expiresIn } = answer;
  return { body: body as WithoutToken<Answer>, cookies: [sessionCookie({ token, expiresIn }, publicBaseUrl)] };
}

function isSession(answer: object): answer is { token: string; expiresIn: number } {
  return 'token' in answer;
}
