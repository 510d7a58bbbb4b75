/** Every secret and personal string that this world made or was told: what no log of anybody may show. */
export class IssuedSecrets {
  readonly #known = new Set<string>();

  /** Remembers a text and hands it on. */
  record(text: string): string {
    if (text) this.#known.add(text);
    return text;
  }

  list(): string[] {
    return [...this.#known];
  }
}
