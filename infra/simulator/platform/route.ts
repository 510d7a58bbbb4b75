import { isRecord, parseJson } from '../http.ts';
import type { Answer, Call } from '../http.ts';
import type { AppName } from '../wechat-users.ts';
import { PlatformError } from './error.ts';

/** One platform call: the checks before it, and its handler. */
type PlatformRoute = {
  method?: 'GET' | 'POST';
  /** The app whose access token is required. */
  app?: AppName | 'either';
} & (
  { json: (call: Call, app: AppName) => object | Promise<object> } | { raw: (call: Call) => Answer | Promise<Answer> }
);

export type PlatformRoutes = Record<string, PlatformRoute>;

export const ok = { errcode: 0, errmsg: 'ok' };

/** Reads the body of a POST: a JSON object. */
export function readJson({ body }: Call): Record<string, unknown> {
  if (body.length === 0) throw new PlatformError(44002);
  const value = parseJson(body);
  if (!isRecord(value)) throw new PlatformError(47001);
  return value;
}
