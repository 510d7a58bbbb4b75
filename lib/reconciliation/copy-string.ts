/**
 * Copies a string, so that the string can outlive the text from which it was cut. V8 represents a cell of a bill as a
 * slice, which keeps the whole chunk of the bill in memory.
 */
export function copyString(text: string): string {
  return Buffer.from(text).toString();
}
