/** Every secret and personal string of this simulator, issued or configured. No log may contain one. */
export class IssuedSecrets {
  readonly #known = new Set<string>();

  /** Records a text and returns it. */
  record(text: string): string {
    if (text) this.#known.add(text);
    return text;
  }

  list(): string[] {
    return [...this.#known];
  }
}
