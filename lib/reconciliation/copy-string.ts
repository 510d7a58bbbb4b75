/**
 * Copies a string that outlives the text it was cut from. A cell of a bill is a slice in V8, and the slice keeps the
 * whole chunk of the bill in memory.
 */
export function copyString(text: string): string {
  return Buffer.from(text).toString();
}
