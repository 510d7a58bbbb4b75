/** Declarations that name a function. A method has no space before its parenthesis, unlike `if (`. */
const DECLARATIONS = [
  /^\s*(?:export )?(?:default )?(?:async )?function\s?\*?\s?(\w+)/,
  /^\s*(?:export )?const (\w+)(?:: .+)? = (?:async )?(?:<.+>)?(?:\(.*\)(?:: .+)?|\w+) =>/,
  /^\s*(?:static |async |get |set )*\*?#?(\w+)\(.*\)(?:: .+)? \{$/,
  /^\s*(\w+): (?:async )?(?:\(.*\)(?:: .+)?|\w+) =>/,
  /^export const (\w+)/,
];

/**
 * Returns the name of the function that a line of TypeScript is in. Relies on the format of prettier, where the indentation
 * is the nesting: a map does not hold the scopes, and a minified stack no names.
 */
export function enclosingFunction(source: string, line: number): string | undefined {
  const lines = source.split('\n').slice(0, line);
  let inner = Infinity;
  for (const text of lines.toReversed()) {
    const indent = text.search(/\S/);
    if (indent < 0 || indent >= inner) continue;
    const name = nameDeclaredBy(text);
    if (name) return name;
    // A line such as `): Promise<void> {` ends a declaration that begins further up, at the same indentation.
    inner = /^\s*[)}\]]/.test(text) ? indent + 1 : indent;
  }
  return undefined;
}

function nameDeclaredBy(line: string): string | undefined {
  for (const declaration of DECLARATIONS) {
    const [, name] = declaration.exec(line) ?? [];
    if (name) return name;
  }
  return undefined;
}
