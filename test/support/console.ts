import { vi } from 'vitest';

/** Records the lines of the production log in `lines`, and prints none. */
export function recordConsole(lines: string[]): string[] {
  for (const level of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(String(line)));
  }
  return lines;
}
