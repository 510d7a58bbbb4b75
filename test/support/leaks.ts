/** Shorter strings, such as a nickname of two characters, occur in ordinary words of a log. */
const MIN_LENGTH = 6;
/** Secrets that the service never sends to WeChat: session tokens and private keys. */
const OWN_SECRETS = [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, /-----BEGIN [A-Z ]*PRIVATE KEY-----/g];

/** Returns every secret and personal string that the simulator at `url` issued or received. */
export async function issuedBy(url: string): Promise<string[]> {
  return (await (await fetch(`${url}/_issued`)).json()) as string[];
}

/** Lists the secrets in `output`, each with its line. */
function leaksIn(output: string, issued: string[]): string[] {
  const leaked = issued.filter((text) => text.length >= MIN_LENGTH && output.includes(text));
  const all = [...leaked, ...OWN_SECRETS.flatMap((pattern) => output.match(pattern) ?? [])];
  return all.map((text) => `${text} in ${output.split('\n').find((line) => line.includes(text))}`);
}

/** @throws an error that quotes the leaked strings with their log lines */
export function assertNoLeaks(output: string, issued: string[]): void {
  const leaks = leaksIn(output, issued);
  if (leaks.length > 0) throw new Error(`The log contains secrets or personal data:\n${leaks.slice(0, 10).join('\n')}`);
}
