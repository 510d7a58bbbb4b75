/** Renders a Markdown table. Prettier aligns its columns. */
export function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function codeList(texts: readonly string[]): string {
  return texts.map(code).join(', ');
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}
