import { describe, expect, it } from 'vitest';
import { enclosingFunction } from '../../../infra/ops/trace/enclosing-function.ts';

/** The line that a case is about ends in `// here`. */
const nameAt = (source: string) => {
  const line = source.split('\n').findIndex((text) => text.endsWith('// here')) + 1;
  return enclosingFunction(source, line);
};

describe('enclosingFunction', () => {
  it.each([
    ['a function', 'export async function pay() {\n  await fetch(); // here\n}', 'pay'],
    [
      'a function whose parameters take several lines',
      'function pay(\n  a: A,\n): Promise<void> {\n  go(); // here\n}',
      'pay',
    ],
    ['a block', 'function pay() {\n  if (a) {\n    b();\n  } else {\n    go(); // here\n  }\n}', 'pay'],
    ['a function without a name', 'function pay() {\n  return () => {\n    go(); // here\n  };\n}', 'pay'],
    ['the inner of two functions', 'function pay() {\n  function ask() {\n    go(); // here\n  }\n}', 'ask'],
    ['the outer of two functions', 'function pay() {\n  function ask() {\n    a();\n  }\n  go(); // here\n}', 'pay'],
    [
      'an arrow function',
      'function pay() {\n  const ask = async (a: A): Promise<B> => {\n    go(); // here\n  };\n}',
      'ask',
    ],
    ['a method', 'return {\n  async release(): Promise<void> {\n    go(); // here\n  },\n};', 'release'],
    ['a generator', 'class Queue {\n  async *#messages() {\n    go(); // here\n  }\n}', 'messages'],
    ['a property', 'const OPERATORS = {\n  exists: (a, b) => {\n    go(); // here\n  },\n};', 'exists'],
    ['an exported value', 'export const handler = route(getMe, async () =>\n  me(), // here\n);', 'handler'],
  ])('returns the name of %s', (_, source, name) => {
    expect(nameAt(source)).toBe(name);
  });

  it.each([
    ['outside of functions', 'function pay() {\n  a();\n}\n\ngo(); // here'],
    ['behind a closing brace', 'function pay() {\n  a();\n}\nif (a) {\n  go(); // here\n}'],
  ])('returns undefined %s', (_, source) => {
    expect(nameAt(source)).toBeUndefined();
  });
});
