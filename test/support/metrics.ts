// The metrics that functions count: CloudWatch reads them from the output.
import { vi } from 'vitest';

/** Runs `run`, and returns its result and the counted metrics, each as the values of its dimensions and its name. */
export async function withMetrics<Result>(run: () => Promise<Result>): Promise<[result: Result, metrics: string[]]> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const result = await run();
    const lines = stdout.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('"_aws"'));
    return [result, lines.map(readMetric)];
  } finally {
    stdout.mockRestore();
  }
}

function readMetric(line: string): string {
  const { _aws: _, ...members } = JSON.parse(line) as Record<string, string | number>;
  return Object.entries(members)
    .map(([name, value]) => (typeof value === 'string' ? value : name))
    .join(' ');
}
