/**
 * Copies a string that outlives the text it was cut from. V8 represents a cell of a bill as a slice, which keeps the
 * whole chunk of the bill in memory.
 */
export function copyString(text: string): string {
  return Buffer.from(text).toString();
}
