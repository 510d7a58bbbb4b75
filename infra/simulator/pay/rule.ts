import type { Faults } from '../faults.ts';
import { isRecord } from '../http.ts';

interface Optional {
  required?: boolean;
}

/** The rule for one value of a JSON body. */
export type Rule = Optional &
  (
    | { kind: 'string'; max: number; pattern?: RegExp }
    | { kind: 'integer'; min: number }
    | { kind: 'boolean' }
    | { kind: 'array'; item: Rule }
    | { kind: 'object'; fields: Record<string, Rule>; maxBytes?: number }
  );

interface FieldProblem {
  /** JSON pointer of the field. */
  field: string;
  value?: unknown;
  issue: string;
}

/** Returns the length of a text for its rule. */
export type LengthOf = (value: string) => number;

/** The length on the live platform: bytes of UTF-8. */
export const bytesOf: LengthOf = (value) => Buffer.byteLength(value);

/** The length as most pages of complaints document it: characters. */
export const charactersOf: LengthOf = (value) => [...value].length;

/** Returns how the next call counts lengths: in bytes, or once as documented. */
export function nextLengthOf(faults: Faults): LengthOf {
  return faults.takeVariant('text-length', 'characters') ? charactersOf : bytesOf;
}

/** Text with a maximum length, without characters of four bytes. */
export const text = (max: number, pattern?: RegExp): Rule => ({ kind: 'string', max, ...(pattern && { pattern }) });
/** A whole number. */
export const integer = (min: number): Rule => ({ kind: 'integer', min });
/** An object with exactly these fields; unknown fields are invalid. */
export const object = (fields: Record<string, Rule>, maxBytes?: number): Rule => ({
  kind: 'object',
  fields,
  ...(maxBytes && { maxBytes }),
});
/** Makes a rule required. */
export const required = (rule: Rule): Rule => ({ ...rule, required: true });

/** Finds the first field that breaks its rule; undefined if the value is acceptable. */
export function findProblem(
  rule: Rule,
  value: unknown,
  lengthOf: LengthOf = bytesOf,
  field = '',
): FieldProblem | undefined {
  const problem = (issue: string): FieldProblem => ({ field, value, issue });
  switch (rule.kind) {
    case 'string':
      return stringIssue(rule, value, lengthOf, problem);
    case 'integer':
      if (!Number.isSafeInteger(value)) return problem('必须为整数');
      return Number(value) < rule.min ? problem(`值低于最小值 ${rule.min}`) : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : problem('必须为布尔值');
    case 'array':
      if (!Array.isArray(value)) return problem('必须为数组');
      return firstOf(value.map((item, index) => () => findProblem(rule.item, item, lengthOf, `${field}/${index}`)));
    case 'object': {
      if (!isRecord(value)) return problem('必须为对象');
      if (rule.maxBytes && Buffer.byteLength(JSON.stringify(value)) > rule.maxBytes) return problem('长度超过限制');
      return objectProblem(rule.fields, value, lengthOf, field);
    }
  }
}

function stringIssue(
  { max, pattern }: { max: number; pattern?: RegExp },
  value: unknown,
  lengthOf: LengthOf,
  problem: (issue: string) => FieldProblem,
): FieldProblem | undefined {
  if (typeof value !== 'string') return problem('必须为字符串');
  if (value === '') return problem('长度小于最小值 1');
  const length = lengthOf(value);
  if (length > max) return problem(`字节数 ${length}，大于最大值 ${max}`);
  // Outside the basic plane = four bytes of UTF-8: emoji and rare characters.
  if (/[\u{10000}-\u{10FFFF}]/u.test(value)) return problem('含有4字节UTF-8字符');
  return pattern && !pattern.test(value) ? problem('格式不符合规则') : undefined;
}

function objectProblem(
  fields: Record<string, Rule>,
  value: Record<string, unknown>,
  lengthOf: LengthOf,
  field: string,
) {
  const unknownKey = Object.keys(value).find((key) => !Object.hasOwn(fields, key));
  if (unknownKey !== undefined) return { field: `${field}/${unknownKey}`, issue: '未定义的参数' };
  const checks = Object.entries(fields).map(([key, rule]) => (): FieldProblem | undefined => {
    const child = value[key];
    if (child === undefined) return rule.required ? { field: `${field}/${key}`, issue: '此字段为必填项' } : undefined;
    return findProblem(rule, child, lengthOf, `${field}/${key}`);
  });
  return firstOf(checks);
}

function firstOf(checks: (() => FieldProblem | undefined)[]): FieldProblem | undefined {
  for (const check of checks) {
    const problem = check();
    if (problem) return problem;
  }
  return undefined;
}
