// The metrics that functions count: CloudWatch reads them from the output.
import { vi } from 'vitest';

/** Runs `run`, and returns its result and the counted metrics, each as the value of its dimension and its name. */
export async function withMetrics<Result>(run: () => Promise<Result>): Promise<[result: Result, metrics: string[]]> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    const result = await run();
    const lines = stdout.mock.calls.map(([line]) => String(line)).filter((line) => line.includes('"_aws"'));
    return [
      result,
      lines.flatMap((line) => /"(?:App|Reason)":"([\w-]+)","(\w+)":1/.exec(line)?.slice(1).join(' ') ?? []),
    ];
  } finally {
    stdout.mockRestore();
  }
}
