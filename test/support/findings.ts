/** Fails with one line per finding, without a diff and without a stack. */
export function expectNoFindings(findings: string[]): void {
  if (findings.length === 0) return;
  const failure = new Error(findings.join('\n'));
  failure.stack = '';
  throw failure;
}
