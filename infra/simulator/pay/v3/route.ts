import { isRecord, parseJson } from '../../http.ts';
import type { Call } from '../../http.ts';
import { PayError } from '../error.ts';
import { findProblem } from '../rule.ts';
import type { LengthOf, Rule } from '../rule.ts';
import type { PayWorld } from '../world.ts';

export interface V3Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: RegExp;
  /** Returns the bytes that the signature covers; the whole body if absent. */
  signedBody?: (call: Call) => Buffer;
  /** Returns the JSON to send signed, undefined for a 204, or a file, which is not signed. */
  handler: (call: Call, parameter: string) => object | Buffer | undefined;
}

/** Reads a JSON body and checks it against the rule; the type parameter must match the rule. */
export function readBody<T extends object>(call: Call, rule: Rule, lengthOf?: LengthOf): T {
  if (!/^application\/json\b/i.test(call.headers['content-type'] ?? '')) {
    throw new PayError(415, 'INVALID_REQUEST', 'Http头Content-Type必须为application/json');
  }
  const body = parseJson(call.body);
  if (!isRecord(body)) throw new PayError(400, 'PARAM_ERROR', '请求体不是合法的JSON对象');
  const problem = findProblem(rule, body, lengthOf);
  if (!problem) return body as T;
  throw invalidFieldError('body', problem);
}

/** Reads the query and checks it against the rule; the type parameter must match the rule. */
export function readQuery<T extends object>(call: Call, rule: Rule): T {
  const query = Object.fromEntries(call.query);
  const problem = findProblem(rule, query);
  if (problem) throw invalidFieldError('query', problem);
  return query as T;
}

/** Builds the PARAM_ERROR that names the invalid field. */
export function invalidFieldError(
  location: 'body' | 'query',
  problem: { field: string; value?: unknown; issue: string },
) {
  const name = problem.field.slice(problem.field.lastIndexOf('/') + 1);
  const message = `输入源“/${location}${problem.field}”映射到值字段“${name}”规则校验失败，${problem.issue}`;
  return new PayError(400, 'PARAM_ERROR', message, { ...problem, location });
}

export function assertMchId(mchId: string | null, { settings }: PayWorld, location: 'body' | 'query'): void {
  if (mchId === settings.mchId) return;
  const detail = { field: '/mchid', value: mchId, issue: 'differs from the mchid of Authorization', location };
  throw new PayError(400, 'PARAM_ERROR', 'Http头Authorization中的mchid与请求参数中的mchid不匹配', detail);
}
