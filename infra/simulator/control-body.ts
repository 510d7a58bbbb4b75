import { controlParamError } from './control-error.ts';

export type ControlBody = Record<string, unknown>;

export function readText(body: ControlBody, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw controlParamError(`${name} must be text`);
  return value;
}

/** Returns undefined if the field is absent. */
export function readOptionalText(body: ControlBody, name: string, pattern = /./s): string | undefined {
  if (body[name] === undefined) return undefined;
  const text = readText(body, name);
  if (!pattern.test(text)) throw controlParamError(`${name} must be like ${pattern.source}`);
  return text;
}

/** Reads a boolean; `fallback` if the field is absent. */
export function readFlag(body: ControlBody, name: string, fallback: boolean): boolean {
  const value = body[name] ?? fallback;
  if (typeof value !== 'boolean') throw controlParamError(`${name} must be true or false`);
  return value;
}

export function readInteger(body: ControlBody, name: string, fallback: number): number {
  const value = body[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw controlParamError(`${name} must be an integer`);
  return value;
}

/** Reads a count of at least 1; 1 if the field is absent. */
export function readCount(body: ControlBody, name: string): number {
  const count = readInteger(body, name, 1);
  if (count < 1) throw controlParamError(`${name} must be 1 or more`);
  return count;
}

/** Reads one of the given choices; undefined if the field is absent. */
export function readChoice<Choice extends string>(
  body: ControlBody,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  if (body[name] === undefined) return undefined;
  const choice = choices.find((known) => known === body[name]);
  if (!choice) throw controlParamError(`${name} must be one of ${choices.join(', ')}`);
  return choice;
}
