import { hash } from 'node:crypto';

const FIRST_SLOTS = 1_024;
/** Above this share of used slots the search for a free one gets long. */
const MAX_LOAD = 0.75;

/**
 * Amounts (fen) by order or refund number, for the millions of a bill: 16 bytes in a slot, so 21 to 43 for each number
 * (and half as much again while it grows), where a Map of strings takes 130.
 *
 * It keeps 64 bits of each number's SHA-1, not the number. Two of a million numbers meet in them with a chance of one
 * in 37 million, and then a single comparison of that day goes wrong.
 */
export class NoMap {
  size = 0;
  #slots = FIRST_SLOTS;
  #digests = new Uint32Array(2 * FIRST_SLOTS);
  #amounts = new Float64Array(FIRST_SLOTS);

  /** The amount of this number, undefined when it is not here. */
  get(no: string): number | undefined {
    const slot = this.#slotOf(...digestOf(no));
    return this.#isUsed(slot) ? this.#amounts[slot] : undefined;
  }

  /** Keeps an amount, in place of an older one; true when the number is new. */
  set(no: string, fen: number): boolean {
    if (this.size >= this.#slots * MAX_LOAD) this.#grow();
    return this.#put(...digestOf(no), fen);
  }

  #put(high: number, low: number, fen: number): boolean {
    const slot = this.#slotOf(high, low);
    const isNew = !this.#isUsed(slot);
    this.#digests[2 * slot] = high;
    this.#digests[2 * slot + 1] = low;
    this.#amounts[slot] = fen;
    if (isNew) this.size += 1;
    return isNew;
  }

  /** Where this digest is, or the free slot where it belongs. */
  #slotOf(high: number, low: number): number {
    let slot = low % this.#slots;
    while (this.#isUsed(slot) && (this.#digests[2 * slot] !== high || this.#digests[2 * slot + 1] !== low)) {
      slot = (slot + 1) % this.#slots;
    }
    return slot;
  }

  #isUsed(slot: number): boolean {
    return this.#digests[2 * slot] !== 0;
  }

  #grow(): void {
    const [digests, amounts, slots] = [this.#digests, this.#amounts, this.#slots];
    this.#slots = 2 * slots;
    this.#digests = new Uint32Array(2 * this.#slots);
    this.#amounts = new Float64Array(this.#slots);
    this.size = 0;
    for (let slot = 0; slot < slots; slot += 1) {
      if (digests[2 * slot] !== 0) this.#put(digests[2 * slot]!, digests[2 * slot + 1]!, amounts[slot]!);
    }
  }
}

/** Two halves of a digest; the first is never 0, which marks a free slot. */
function digestOf(no: string): [high: number, low: number] {
  const digest = hash('sha1', no, 'buffer');
  return [digest.readUInt32LE(0) || 1, digest.readUInt32LE(4)];
}
