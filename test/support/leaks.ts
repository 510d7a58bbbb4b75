/** Shorter ones would be found in words: a nickname of two characters, a push token of five. */
const MIN_LENGTH = 6;
/** Secrets of ours that WeChat never sees. */
const OURS = [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, /-----BEGIN [A-Z ]*PRIVATE KEY-----/g];

/** Every secret and personal string that the simulator at `url` issued or was told. */
export async function issuedBy(url: string): Promise<string[]> {
  return (await (await fetch(`${url}/_issued`)).json()) as string[];
}

/** What `output` shows of them, each with the line that it is in. Nothing, if all is well. */
function leaksIn(output: string, issued: string[]): string[] {
  const known = issued.filter((text) => text.length >= MIN_LENGTH && output.includes(text));
  const found = [...known, ...OURS.flatMap((pattern) => output.match(pattern) ?? [])];
  return found.map((text) => `${text} in ${output.split('\n').find((line) => line.includes(text))}`);
}

/** @throws with what the output shows, because whoever calls this looks at the end of a run */
export function assertNoLeaks(output: string, issued: string[]): void {
  const leaks = leaksIn(output, issued);
  if (leaks.length > 0) throw new Error(`The log shows what it must not:\n${leaks.slice(0, 10).join('\n')}`);
}
