import { paramError } from './control-error.ts';

export type Body = Record<string, unknown>;

export function readText(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw paramError(`${name} must be text`);
  return value;
}

/** Undefined if it is not there. */
export function readOptionalText(body: Body, name: string, form = /./s): string | undefined {
  if (body[name] === undefined) return undefined;
  const text = readText(body, name);
  if (!form.test(text)) throw paramError(`${name} must be like ${form.source}`);
  return text;
}

/** A yes or no; `fallback` if it is not there. */
export function readFlag(body: Body, name: string, fallback: boolean): boolean {
  const value = body[name] ?? fallback;
  if (typeof value !== 'boolean') throw paramError(`${name} must be true or false`);
  return value;
}

export function readInteger(body: Body, name: string, fallback: number): number {
  const value = body[name] ?? fallback;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw paramError(`${name} must be an integer`);
  return value;
}

/** How many: 1 if it is not there. */
export function readCount(body: Body, name: string): number {
  const count = readInteger(body, name, 1);
  if (count < 1) throw paramError(`${name} must be 1 or more`);
  return count;
}

/** One of a few texts; undefined if it is not there. */
export function readChoice<Choice extends string>(
  body: Body,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  if (body[name] === undefined) return undefined;
  const choice = choices.find((known) => known === body[name]);
  if (!choice) throw paramError(`${name} must be one of ${choices.join(', ')}`);
  return choice;
}
